//! Rules, headlines, digits and toasts.

use margintop::tui::theme::{Glyphs, Role, Theme};
use margintop::tui::widgets::digits::{DigitForm, Digits};
use margintop::tui::widgets::headline::{Headline, SentenceForms};
use margintop::tui::widgets::rule::TitledRule;
use margintop::tui::widgets::toast::Toast;
use margintop::tui::widgets::{Canvas, Segment};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::mock::{Mock, lines};

/// The rows that a widget draws in an area of its own.
pub fn drawn(width: u16, height: u16, theme: &Theme, draw: impl Fn(&mut Canvas<'_>, Rect)) -> Vec<String> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let area = buffer.area;
    draw(&mut Canvas::new(&mut buffer, theme), area);
    theme.glyphs().apply(&mut buffer);
    lines(&buffer)
}

fn money_rule() -> TitledRule<'static> {
    TitledRule::new("Revenue = cost + profit").note([Segment::dim(" · $/h")]).right([
        Segment::key(Role::Gain),
        Segment::dim(" profit "),
        Segment::text("$245"),
    ])
}

#[test]
fn a_rule_carries_title_note_and_figures() {
    let mock = Mock::read("rule");
    mock.check(|canvas, area| {
        money_rule().draw(canvas, area);
        let title = vec![
            Segment::key(Role::Output),
            Segment::text(" "),
            Segment::title("Output"),
            Segment::text("  "),
            Segment::title("2.93M"),
            Segment::dim("/s"),
        ];
        let rule = TitledRule { title, ..TitledRule::default() }.right([Segment::dim("▼ 7 %")]);
        rule.draw(canvas, Rect { y: area.y + 1, width: 28, height: 1, ..area });
    });
}

#[test]
fn where_a_rule_is_narrow_the_right_goes_first_then_the_note() {
    let at = |width: u16| drawn(width, 1, &Theme::of_roles(), |canvas, area| money_rule().draw(canvas, area)).remove(0);
    assert_eq!(at(50), "─ Revenue = cost + profit · $/h ── ▪ profit $245 ─");
    assert_eq!(at(47), "─ Revenue = cost + profit · $/h ▪ profit $245 ─");
    assert_eq!(at(46), "─ Revenue = cost + profit · $/h ──────────────");
    assert_eq!(at(33), "─ Revenue = cost + profit · $/h ─");
    assert_eq!(at(32), "─ Revenue = cost + profit ──────");
    assert_eq!(at(12), "─ Reve…fit ─");
    assert_eq!(at(3), "───");
}

fn sentences() -> Headline<'static> {
    Headline {
        sentences: vec![
            SentenceForms::new([
                Segment::text("Earning "),
                Segment::new(Role::Gain, "+$24,524/h"),
                Segment::text(", "),
                Segment::new(Role::Loss, "$2,000/h"),
                Segment::text(" less than at 14:49."),
            ]),
            SentenceForms::new([
                Segment::title("decode-7 stopped at 14:52"),
                Segment::text(", when GPU 3 of gpu-0231 was lost (XID 79)."),
            ])
            .or([Segment::title("decode-7 stopped at 14:52"), Segment::text(": GPU lost.")]),
            SentenceForms::new([Segment::text("Idle costs $288/h: "), Segment::title("restart it.")]),
        ],
    }
}

#[test]
fn a_headline_has_whole_sentences_only() {
    let mock = Mock::read("headline");
    mock.check(|canvas, area| assert_eq!(sentences().draw(canvas, area), 2));
    let at = |width: u16| {
        drawn(width, 1, &Theme::of_roles(), |canvas, area| {
            sentences().draw(canvas, area);
        })
        .remove(0)
    };
    assert_eq!(at(48), "Earning +$24,524/h, $2,000/h less than at 14:49.");
    assert_eq!(at(47), "");
    assert!(at(150).ends_with("lost (XID 79). Idle costs $288/h: restart it."), "{}", at(150));
    assert!(at(120).ends_with("14:52: GPU lost. Idle costs $288/h: restart it."), "{}", at(120));
}

/// What to do about an alert says nothing where the alert itself found no room.
#[test]
fn a_dependent_sentence_stands_only_behind_the_whole_one_before_it() {
    let state = SentenceForms::new([Segment::text("Earning +$5/h.")]);
    let cause =
        SentenceForms::new([Segment::text("Less traffic: gpu-1 is lost.")]).or([Segment::text("Less traffic.")]);
    let action = SentenceForms::new([Segment::title("Drain it.")]).dependent(true);
    let last = SentenceForms::new([Segment::text("No price.")]);
    let headline = Headline { sentences: vec![state, cause, action, last] };
    let at = |width: u16| {
        drawn(width, 1, &Theme::of_roles(), |canvas, area| {
            headline.draw(canvas, area);
        })
        .remove(0)
    };
    assert_eq!(at(63), "Earning +$5/h. Less traffic: gpu-1 is lost. Drain it. No price.");
    assert_eq!(at(53), "Earning +$5/h. Less traffic: gpu-1 is lost. Drain it.");
    assert_eq!(at(52), "Earning +$5/h. Less traffic. No price.");
    assert_eq!(at(37), "Earning +$5/h. Less traffic.");
    assert_eq!(at(27), "Earning +$5/h.");
}

fn profit(largest: DigitForm) -> Digits<'static> {
    Digits {
        glyph: '▲',
        sign: "+",
        currency: "$",
        whole: "248,524",
        cents: ".01",
        bound: "",
        role: Role::Gain,
        largest,
    }
}

#[test]
fn digits_are_as_large_as_they_fit() {
    let large = Mock::read("digits-large");
    large.check(|canvas, area| assert_eq!(profit(DigitForm::Large).draw(canvas, area), DigitForm::Large));
    let medium = Mock::read("digits-medium");
    let loss = Digits {
        glyph: '▼',
        sign: "−",
        whole: "1,902,736",
        cents: ".45",
        bound: "≥",
        role: Role::Loss,
        ..profit(DigitForm::Medium)
    };
    medium.check(|canvas, area| assert_eq!(loss.draw(canvas, area), DigitForm::Medium));
    let at = |width, height| {
        drawn(width, height, &Theme::of_roles(), |canvas, area| {
            profit(DigitForm::Large).draw(canvas, area);
        })
    };
    assert!(at(46, 4)[0].ends_with("██ ██ .01"), "{:#?}", at(46, 4));
    assert!(at(40, 4)[0].ends_with("█ █ .01"), "{:#?}", at(40, 4));
    assert_eq!(at(20, 1), ["▲ +$248,524.01"]);
    assert_eq!(at(13, 1), ["+$248,524.01"]);
    assert_eq!(at(11, 1), [""], "a figure is never cut");
}

#[test]
fn unknown_is_one_dash() {
    let unknown = Digits { sign: "–", whole: "–", cents: "", role: Role::Dim, ..profit(DigitForm::Medium) };
    let rows = drawn(12, 3, &Theme::of_roles(), |canvas, area| {
        unknown.draw(canvas, area);
    });
    assert_eq!(rows, ["▲", "  – $ ▀▀▀", ""]);
}

#[test]
fn in_ascii_each_digit_differs_from_the_others() {
    let theme = Theme::of_roles().with_glyphs(Glyphs::Ascii);
    let digit = |whole: &str| {
        let digits = Digits { whole, cents: "", ..profit(DigitForm::Large) };
        drawn(12, 4, &theme, |canvas, area| {
            digits.draw(canvas, area);
        })
    };
    let all: Vec<Vec<String>> = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(digit).to_vec();
    for (i, one) in all.iter().enumerate() {
        assert!(one.iter().all(|row| row.is_ascii()), "{one:#?}");
        assert!(all.iter().skip(i + 1).all(|other| other != one), "{one:#?}");
    }
    assert_eq!(digit("2"), ["^      _", "  + $  _|", "      |_", ""]);
}

#[test]
fn a_toast_covers_no_figure_of_money() {
    let toast = Toast::new("theme ember");
    let at = |keep_clear: &[Rect]| {
        drawn(20, 3, &Theme::of_roles(), |canvas, area| {
            toast.draw(canvas, area, keep_clear);
        })
    };
    assert_eq!(at(&[]), ["", "", "        theme ember"]);
    assert_eq!(at(&[Rect::new(10, 2, 5, 1)]), ["", "        theme ember", ""]);
    assert_eq!(at(&[Rect::new(0, 0, 20, 3)]), ["", "", ""]);
    let narrow = drawn(12, 3, &Theme::of_roles(), |canvas, area| assert_eq!(toast.draw(canvas, area, &[]), None));
    assert_eq!(narrow, ["", "", ""]);
}
