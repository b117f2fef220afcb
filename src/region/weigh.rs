//! From the places that a piece names to the countries it is about.
//!
//! For each country a handful of [`FEATURES`] are counted and weighed by a
//! logistic model, whose numbers stand in `data/model.tsv`.

use super::Country;
use super::gazetteer::Kind;
use super::mentions::{Found, Mention, Stand};
use super::model::MODEL;
use super::settle::Name;

/// What speaks for a country.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    pub country: Country,
    /// How likely the piece is about it, from 0 to 1.
    pub likely: f32,
    /// All that was said for it.
    pub mass: f32,
    /// Which names spoke for it, by where they stand in the table, and how
    /// loudly each.
    pub voices: Vec<(usize, f32)>,
    /// How many different names spoke for it.
    names: f32,
    /// Which word of the text was the first.
    first: f32,
    sums: Sums,
    /// Fifths of the text in which it is named, a bit each.
    fifths: u8,
}

/// Mentions by what they are and by where they stand.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    all: f32,
    name: f32,
    people: f32,
    seat: f32,
    cue: f32,
    town: f32,
    title: f32,
    lead: f32,
}

/// What the model weighs for one country, in the order of its numbers.
pub(super) const FEATURES: [&str; 20] = [
    "mass",
    "share",
    "share-over-40",
    "of-most",
    "said",
    "said-over-15",
    "name",
    "people",
    "seat",
    "cue",
    "town",
    "title",
    "lead",
    "names",
    "soon",
    "spread",
    "is-most",
    "rivals",
    "rival-in-title",
    "home",
];

/// Less than this is too faint to be believed, however alone it stands.
const FAINT: f32 = 1.0;

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
pub(super) fn weigh(found: &Found, names: &[Name], home: Option<Country>) -> Vec<Weighed> {
    let mut all = count(found, names);
    let judged: Vec<f32> = features(&all, home).iter().map(|row| MODEL.likely(row)).collect();
    for (weighed, likely) in all.iter_mut().zip(judged) {
        weighed.likely = likely * (weighed.mass / FAINT).min(1.0);
    }
    all.sort_by(|a, b| b.likely.total_cmp(&a.likely).then(a.country.cmp(&b.country)));
    all
}

/// What the names of a piece add up to, country by country.
pub(super) fn count(found: &Found, names: &[Name]) -> Vec<Weighed> {
    let mut all: Vec<Weighed> = Vec::new();
    let mut said = vec![false; names.len()];
    for mention in &found.mentions {
        let Some(name) = names.iter().position(|name| name.name == mention.name) else { continue };
        let new = !std::mem::replace(&mut said[name], true);
        for (sense, share) in names[name].shares.iter().filter(|(_, share)| *share > 0.03) {
            let share = share * mention.trust * names[name].standing;
            let at = all.iter().position(|w| w.country == sense.country).unwrap_or_else(|| {
                all.push(Weighed::of(sense.country));
                all.len() - 1
            });
            all[at].hear(mention, sense.kind, share, new, found.words);
        }
    }
    all
}

/// The features of each counted country.
pub(super) fn features(all: &[Weighed], home: Option<Country>) -> Vec<[f32; FEATURES.len()]> {
    let whole: f32 = all.iter().map(|w| w.mass).sum();
    let most = all.iter().map(|w| w.mass).fold(0.0, f32::max);
    let said: f32 = all.iter().map(|w| w.sums.all).sum();
    let titles: f32 = all.iter().map(|w| w.sums.title).sum();
    let rivals = all.iter().filter(|w| w.mass > whole * 0.1).map(|_| 1.0).sum::<f32>();
    let bit = |is: bool| if is { 1.0 } else { 0.0 };
    all.iter()
        .map(|w| {
            // The half keeps a lone faint mention from being all there is.
            let share = w.mass / (whole + 0.5);
            let said = w.sums.all / (said + 0.3);
            [
                w.mass.ln_1p(),
                share,
                (share - 0.4).max(0.0),
                w.mass / (most + 0.25),
                said,
                (said - 0.15).clamp(0.0, 0.2),
                w.sums.name.ln_1p(),
                w.sums.people.ln_1p(),
                w.sums.seat.ln_1p(),
                w.sums.cue.ln_1p(),
                w.sums.town.ln_1p(),
                w.sums.title.min(1.0),
                w.sums.lead.min(2.0),
                w.names.ln_1p(),
                50.0 / (50.0 + w.first),
                f32::from(u8::try_from(w.fifths.count_ones()).unwrap_or(0)) / 5.0,
                bit(w.mass >= most),
                rivals.ln_1p(),
                if w.sums.title < 0.2 { (titles - w.sums.title).min(1.0) } else { 0.0 },
                bit(home == Some(w.country)),
            ]
        })
        .collect()
}

impl Weighed {
    fn of(country: Country) -> Self {
        Self {
            country,
            likely: 0.0,
            mass: 0.0,
            voices: Vec::new(),
            names: 0.0,
            first: f32::from(u16::MAX),
            sums: Sums::default(),
            fifths: 0,
        }
    }

    fn hear(&mut self, mention: &Mention, kind: Kind, share: f32, new: bool, words: usize) {
        let loud = share * loudness(mention.stand);
        if new {
            self.names += share;
        }
        if share > 0.3 {
            let at = if mention.stand == Stand::Title { 0 } else { mention.at };
            self.first = self.first.min(f32::from(at));
            if mention.stand != Stand::Title {
                let fifth = usize::from(mention.at) * 5 / words.max(1);
                self.fifths |= 1 << fifth.min(4);
            }
        }
        self.mass += loud;
        match self.voices.iter_mut().find(|(name, _)| *name == mention.name) {
            Some((_, sum)) => *sum += loud,
            None => self.voices.push((mention.name, loud)),
        }
        let sums = &mut self.sums;
        // A dateline stands once for the whole report.
        sums.all += if mention.stand == Stand::Dateline { loud } else { share };
        match kind {
            Kind::Name | Kind::Foreign => sums.name += share,
            Kind::People | Kind::Folk => sums.people += share,
            Kind::Seat => sums.seat += share,
            Kind::Cue => sums.cue += share,
            _ => sums.town += share,
        }
        match mention.stand {
            Stand::Title => sums.title += share,
            Stand::Lead | Stand::Dateline => sums.lead += share,
            Stand::Body => {}
        }
    }
}
