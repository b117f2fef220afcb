//! From the places that a piece names to the countries it is about.

use super::Country;
use super::gazetteer::Kind;
use super::mentions::{Mention, Stand};

/// What speaks for a country.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    pub country: Country,
    /// How likely the piece is about it, from 0 to 1.
    pub likely: f32,
    /// All that was said for it.
    pub mass: f32,
    /// The name that spoke loudest.
    pub evidence: String,
    loudest: f32,
    /// How many different names spoke for it.
    names: f32,
    /// Which word of the text was the first.
    first: f32,
    sums: Sums,
}

/// Mentions by what they are and by where they stand.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    name: f32,
    people: f32,
    town: f32,
    title: f32,
    lead: f32,
    dateline: f32,
}

/// How much louder a mention is for where it stands.
fn loudness(stand: Stand) -> f32 {
    match stand {
        Stand::Title => 2.0,
        Stand::Dateline => 2.5,
        Stand::Lead => 1.3,
        Stand::Body => 1.0,
    }
}

/// The countries that a piece may be about, likeliest first.
pub(super) fn weigh(mentions: &[Mention], home: Option<Country>) -> Vec<Weighed> {
    let mut all: Vec<Weighed> = Vec::new();
    for mention in mentions {
        for (country, share) in &mention.shares {
            let at = all.iter().position(|w| w.country == *country).unwrap_or_else(|| {
                all.push(Weighed::of(*country));
                all.len() - 1
            });
            all[at].hear(mention, *share);
        }
    }
    let whole: f32 = all.iter().map(|w| w.mass).sum();
    let most = all.iter().map(|w| w.mass).fold(0.0, f32::max);
    for weighed in &mut all {
        weighed.likely = weighed.judge(whole, most, home == Some(weighed.country));
    }
    all.sort_by(|a, b| b.likely.total_cmp(&a.likely).then(a.country.cmp(&b.country)));
    all
}

impl Weighed {
    fn of(country: Country) -> Self {
        Self {
            country,
            likely: 0.0,
            mass: 0.0,
            evidence: String::new(),
            loudest: 0.0,
            names: 0.0,
            first: f32::from(u16::MAX),
            sums: Sums::default(),
        }
    }

    fn hear(&mut self, mention: &Mention, share: f32) {
        let loud = share * loudness(mention.stand);
        if mention.is_new {
            self.names += share;
        }
        if share > 0.3 {
            self.first = self.first.min(mention.at);
        }
        self.mass += loud;
        if loud > self.loudest {
            self.loudest = loud;
            self.evidence.clone_from(&mention.name);
        }
        match mention.kind {
            Kind::Name => self.sums.name += share,
            Kind::People | Kind::Folk | Kind::Seat => self.sums.people += share,
            _ => self.sums.town += share,
        }
        match mention.stand {
            Stand::Title => self.sums.title += share,
            Stand::Dateline => self.sums.dateline += share,
            Stand::Lead => self.sums.lead += share,
            Stand::Body => {}
        }
    }
}

/// What a logistic weighs for one country.
const FEATURES: usize = 13;

impl Weighed {
    /// How likely the piece is about the country, of the `whole` mass and of
    /// the `most` that any country has.
    fn judge(&self, whole: f32, most: f32, home: bool) -> f32 {
        let features = self.features(whole, most, home);
        let sum: f32 = features.iter().zip(WEIGHTS).map(|(feature, weight)| feature * weight).sum();
        1.0 / (1.0 + (-(sum + BIAS)).exp())
    }

    fn features(&self, whole: f32, most: f32, home: bool) -> [f32; FEATURES] {
        // The half keeps a lone faint mention from being all there is.
        let share = self.mass / (whole + 0.5);
        [
            self.mass.ln_1p(),
            share,
            (share - 0.4).max(0.0),
            self.mass / (most + 0.25),
            self.sums.name.ln_1p(),
            self.sums.people.ln_1p(),
            self.sums.town.ln_1p(),
            self.sums.title.min(1.0),
            self.sums.dateline.min(1.0),
            self.sums.lead.min(2.0),
            self.names.ln_1p(),
            50.0 / (50.0 + self.first),
            if home { 1.0 } else { 0.0 },
        ]
    }
}

// Fitted on labelled news, a few numbers on a few hundred pieces.
const BIAS: f32 = -5.3;
const WEIGHTS: [f32; FEATURES] =
    [-1.09, 7.5, -2.7, 1.92, 0.87, 0.0, -0.62, 0.1, 0.72, 0.82, 3.0, -0.2, 1.2];
