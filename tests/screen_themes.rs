//! The built-in themes: legible, and distinct for those who see fewer colours.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use margintop::tui::theme::{Colour, Palette, Role, Shelf};

/// Contrast as WCAG 2 counts it, 1 to 21.
fn contrast(palette: &Palette, a: Role, b: Role) -> f64 {
    let [a, b] = [a, b].map(|role| palette.rgb(role).luminance().unwrap());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn what_is_read_can_be_read() {
    use Role::{Accent, Critical, Dim, Gain, Ground, Hit, Info, Loss, Selection, Text, Warning};
    for palette in Shelf::built_in().unwrap().palettes() {
        let least = if palette.name() == "high-contrast" { 7.0 } else { 4.5 };
        for role in [Text, Dim, Accent, Gain, Loss, Info, Warning, Critical, Hit] {
            let got = contrast(palette, role, Ground);
            assert!(got >= least, "{}: {role:?} has a contrast of {got:.1}, not {least}", palette.name());
        }
        assert!(contrast(palette, Text, Selection) >= 4.5, "{}", palette.name());
    }
}

#[test]
fn a_busier_cell_is_farther_from_the_ground() {
    for palette in Shelf::built_in().unwrap().palettes() {
        let ramp = [Role::Idle, Role::Low, Role::High, Role::Peak].map(|role| contrast(palette, role, Role::Ground));
        for pair in ramp.windows(2) {
            assert!(pair[1] > pair[0] * 1.2, "{}: {ramp:.1?}", palette.name());
        }
    }
}

/// A colour as an eye without red (protan) or green (deutan) cones sees it, after Viénot, Brettel and Mollon (1999).
fn without(cones: &str, colour: Colour) -> [f64; 3] {
    let Colour::Rgb(r, g, b) = colour else { return [0.0; 3] };
    let [r, g, b] = [r, g, b].map(|c| (f64::from(c) / 255.0).powf(2.2));
    let mix = match cones {
        "red" => 0.112_38 * r + 0.887_62 * g,
        _ => 0.292_75 * r + 0.707_25 * g,
    };
    let blue = match cones {
        "red" => 0.004_01 * r - 0.004_01 * g + b,
        _ => -0.022_34 * r + 0.022_34 * g + b,
    };
    [mix, mix, blue.clamp(0.0, 1.0)].map(|c| c.powf(1.0 / 2.2))
}

#[test]
fn gain_and_loss_differ_without_red_or_green_cones() {
    for palette in Shelf::built_in().unwrap().palettes() {
        for cones in ["red", "green"] {
            let [gain, loss] = [Role::Gain, Role::Loss].map(|role| without(cones, palette.rgb(role)));
            let distance: f64 = gain.iter().zip(loss).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(distance > 0.15, "{} without {cones}: {distance:.2}", palette.name());
        }
    }
}
