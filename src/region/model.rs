//! The numbers by which countries are weighed: `data/model.tsv`, written by
//! `scripts/regions/train.py`.

use std::sync::LazyLock;

use super::atlas::rows;
use super::weigh::FEATURES;

/// A logistic model, and from where on its word counts.
#[derive(Debug)]
pub(super) struct Model {
    bias: f32,
    weights: [f32; FEATURES.len()],
    /// The likeliest country decides the region from here on.
    pub first: f32,
    /// A piece is put down to a further country from here on.
    pub further: f32,
}

/// The built-in model, read once.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let number = |name: &str| {
        rows(include_str!("data/model.tsv"))
            .find(|row| row[0] == name)
            .and_then(|row| row.get(1)?.parse::<f32>().ok())
            .unwrap_or(0.0) // the test below would tell
    };
    Model {
        bias: number("bias"),
        weights: FEATURES.map(number),
        first: number("first"),
        further: number("further"),
    }
});

impl Model {
    /// How likely a piece is about a country with these features.
    pub fn likely(&self, features: &[f32; FEATURES.len()]) -> f32 {
        let sum: f32 =
            features.iter().zip(self.weights).map(|(feature, weight)| feature * weight).sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_each_number_once_and_no_other() {
        let names: Vec<&str> = rows(include_str!("data/model.tsv")).map(|row| row[0]).collect();
        let mut expected = vec!["bias"];
        expected.extend(FEATURES);
        expected.extend(["first", "further"]);

        assert_eq!(names, expected);
        for row in rows(include_str!("data/model.tsv")) {
            assert!(row[1].parse::<f32>().is_ok_and(f32::is_finite), "{row:?}");
        }
    }
}
