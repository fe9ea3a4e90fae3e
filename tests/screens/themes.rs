//! The built-in themes: legible, and distinct for those who see fewer colours.
#![allow(clippy::many_single_char_names)]

use margintop::tui::theme::{BUILT_IN, Colour, Palette, Role, ThemeRegistry};

/// WCAG AA: words, and graphics.
const WORDS: f64 = 4.5;
const GRAPHICS: f64 = 3.0;

/// The least distance (delta E 1976) of profit and loss, whatever cones an eye lacks; 2.3 is just noticeable.
const GAIN_TO_LOSS: f64 = 24.0;

fn contrast(palette: &Palette, a: Role, b: Role) -> f64 {
    palette.rgb(a).contrast(palette.rgb(b)).unwrap()
}

#[test]
fn every_theme_names_every_role_itself() {
    for (name, text) in BUILT_IN {
        for role in Role::ALL {
            let lines = text.lines().filter(|line| line.split('=').next().unwrap().trim() == role.name());
            assert_eq!(lines.count(), 2, "{name}: {} once for its colour, once of the sixteen", role.name());
        }
    }
}

#[test]
fn words_are_read_on_ground_and_panel() {
    for palette in ThemeRegistry::built_in().unwrap().palettes() {
        let least = if palette.name().starts_with("high-contrast") { 6.0 } else { WORDS };
        for role in Role::WORDS {
            for ground in [Role::Ground, Role::Panel] {
                let got = contrast(palette, role, ground);
                assert!(got >= least, "{}: {role:?} on {ground:?} has {got:.2}, not {least}", palette.name());
            }
        }
    }
}

#[test]
fn series_are_seen_on_the_ground() {
    for palette in ThemeRegistry::built_in().unwrap().palettes() {
        for role in Role::SERIES {
            let got = contrast(palette, role, Role::Ground);
            assert!(got >= GRAPHICS, "{}: {role:?} has a contrast of {got:.2}", palette.name());
        }
    }
}

#[test]
fn a_busier_cell_is_farther_from_the_ground() {
    for palette in ThemeRegistry::built_in().unwrap().palettes() {
        let scale = Role::HEAT.map(|role| contrast(palette, role, Role::Ground));
        for pair in scale.windows(2) {
            assert!(pair[1] > pair[0] * 1.2, "{}: {scale:.1?}", palette.name());
        }
        assert!(scale[0] > 1.2, "{}: an idle cell is seen: {scale:.1?}", palette.name());
    }
}

/// Eyes without working green, red or blue cones, as matrices over linear RGB (Machado, Oliveira and Fernandes, 2009).
const EYES: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "deutan",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "protan",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "tritan",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

fn linear(colour: Colour) -> [f64; 3] {
    let Colour::Rgb(r, g, b) = colour else { panic!("{colour:?} is the terminal's own") };
    [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// CIE L*a*b* under D65.
fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let x = (0.412_4 * r + 0.357_6 * g + 0.180_5 * b) / 0.950_47;
    let y = 0.212_6 * r + 0.715_2 * g + 0.072_2 * b;
    let z = (0.019_3 * r + 0.119_2 * g + 0.950_5 * b) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn seen(colour: Colour, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let colour = linear(colour);
    lab(eye.map(|row| row.iter().zip(colour).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0)))
}

fn distance(palette: &Palette, a: Role, b: Role, eye: &[[f64; 3]; 3]) -> f64 {
    let [a, b] = [a, b].map(|role| seen(palette.rgb(role), eye));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn profit_and_loss_differ_for_every_eye() {
    // `mono` has no colours: there the glyph and the sign tell.
    for palette in ThemeRegistry::built_in().unwrap().palettes().iter().filter(|palette| palette.name() != "mono") {
        for (name, eye) in &EYES {
            let got = distance(palette, Role::Gain, Role::Loss, eye);
            assert!(got >= GAIN_TO_LOSS, "{} for a {name} eye: {got:.1}", palette.name());
        }
    }
}

#[test]
fn profit_differs_from_the_cost_below_it_for_every_eye() {
    for palette in ThemeRegistry::built_in().unwrap().palettes() {
        for (name, eye) in &EYES {
            let got = distance(palette, Role::Gain, Role::Cost, eye);
            assert!(got >= 10.0, "{} for a {name} eye: {got:.1}", palette.name());
        }
    }
}
