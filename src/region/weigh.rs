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
    sums: Sums,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub name: f32,
    pub people: f32,
    pub town: f32,
    pub title: f32,
    pub lead: f32,
    pub dateline: f32,
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
    for weighed in &mut all {
        weighed.likely = weighed.sums.likely(weighed.mass, whole, home == Some(weighed.country));
    }
    all.sort_by(|a, b| b.likely.total_cmp(&a.likely).then(a.country.cmp(&b.country)));
    all
}

impl Weighed {
    fn of(country: Country) -> Self {
        let sums = Sums::default();
        Self { country, likely: 0.0, mass: 0.0, evidence: String::new(), loudest: 0.0, sums }
    }

    fn hear(&mut self, mention: &Mention, share: f32) {
        let loud = share * loudness(mention.stand);
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

impl Sums {
    /// A logistic of what was heard; its numbers were fitted on labelled news.
    fn likely(&self, mass: f32, whole: f32, home: bool) -> f32 {
        let share = if whole > 0.0 { mass / whole } else { 0.0 };
        let features = self.features(mass, share, home);
        let sum: f32 = features.iter().zip(WEIGHTS).map(|(f, w)| f * w).sum();
        1.0 / (1.0 + (-(sum + BIAS)).exp())
    }

    fn features(&self, mass: f32, share: f32, home: bool) -> [f32; 10] {
        [
            (1.0 + mass).ln(),
            share,
            (1.0 + self.name).ln(),
            (1.0 + self.people).ln(),
            (1.0 + self.town).ln(),
            self.title.min(1.0),
            self.dateline.min(1.0),
            self.lead.min(2.0),
            (share - 0.5).max(0.0),
            if home { 1.0 } else { 0.0 },
        ]
    }
}

const BIAS: f32 = -3.2;
const WEIGHTS: [f32; 10] = [0.3, 5.0, 0.3, 0.0, 0.2, 0.8, 0.8, 0.3, 0.0, 1.0];
