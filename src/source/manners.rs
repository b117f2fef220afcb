//! What is remembered of an address so that a source is asked as its
//! publisher wishes: where it moved, whether it is gone, when it may be asked.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Trouble;
use super::pace::Wishes;
use crate::clock::{Time, from_millis};

/// A permanent redirect is believed once it was seen so often in a row.
const BELIEVED: u32 = 3;
/// A server that asks for more patience than this is asked after it all the same.
const LONGEST_PATIENCE: Duration = Duration::from_hours(60 * 24);

/// What is remembered of the address of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manners {
    /// The address in the configuration that all this is about.
    pub address: String,
    /// How often its publisher wishes to be asked.
    pub wishes: Wishes,
    /// Where it says that it moved for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// It said that it is gone for good (410): it is not asked any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Until when it asked to be left alone, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// Guids that have named several pieces at once: there the address counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<String>,
    /// The hub that it says tells of news.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<Hub>,
}

/// A permanent redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Where it leads in the end.
    pub to: String,
    /// How often in a row.
    pub times: u32,
}

/// A hub and what to subscribe to there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hub {
    /// Its address.
    pub hub: String,
    /// The feed's own address, by its own word.
    pub topic: String,
}

impl Manners {
    /// These, if they are about `url`; else none.
    #[must_use]
    pub fn about(&self, url: &Url) -> Option<&Self> {
        (self.address == url.as_str()).then_some(self)
    }

    /// Where to ask: where it moved, once that is certain.
    #[must_use]
    pub fn place(&self, url: &Url) -> Url {
        self.moved_to().unwrap_or_else(|| url.clone())
    }

    /// Where it moved, once that is certain.
    #[must_use]
    pub fn moved_to(&self) -> Option<Url> {
        let moved = self.moved.as_ref().filter(|moved| moved.times >= BELIEVED)?;
        Url::parse(&moved.to).ok()
    }

    /// Takes note of where a good answer came from: `moved` if only permanent
    /// redirects led there from `asked`.
    pub fn answered(&mut self, asked: &Url, moved: Option<&Url>) {
        let believed = self.moved_to().is_some_and(|to| to == *asked);
        match moved {
            Some(to) => {
                let times = match &self.moved {
                    Some(known) if known.to == to.as_str() => known.times.saturating_add(1),
                    // It has moved on from where it moved to.
                    Some(_) if believed => BELIEVED,
                    _ => 1,
                };
                self.moved = Some(Moved { to: to.to_string(), times });
            }
            None if believed => {}
            None => self.moved = None,
        }
        self.not_before = None;
        self.gone = false;
    }

    /// Takes note of a failure: what it says about the next try.
    pub fn failed(&mut self, trouble: &Trouble, now: Time) {
        match trouble {
            Trouble::Later { retry_after: Some(wish), .. } => {
                let wish = TimeDelta::from_std((*wish).min(LONGEST_PATIENCE)).unwrap_or_default();
                self.not_before = Some((now + wish).timestamp_millis());
            }
            Trouble::Later { .. } => {}
            // Perhaps it only moved back.
            Trouble::Operator { .. } | Trouble::Gone { .. } if self.moved_to().is_some() => {
                self.moved = None;
            }
            Trouble::Operator { .. } => {}
            Trouble::Gone { .. } => self.gone = true,
        }
    }

    /// Until when it asked to be left alone, if that is still to come.
    #[must_use]
    pub fn quiet_until(&self, now: Time) -> Option<Time> {
        self.not_before.map(from_millis).filter(|until| *until > now)
    }

    /// What the operator should know while all goes well.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let to = self.moved_to()?;
        Some(format!(
            "it moved for good to {}; write that address into [[source]]",
            super::shown::Shown(&to)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fetch::{later, operator};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn now() -> Time {
        from_millis(1_720_000_000_000)
    }

    #[test]
    fn a_move_is_believed_when_it_repeats() {
        let (old, new) = (url("http://e.example/feed"), url("https://e.example/feed"));
        let mut manners = Manners::default();

        for _ in 0..2 {
            manners.answered(&old, Some(&new));
            assert_eq!(manners.place(&old), old);
        }
        manners.answered(&old, Some(&new));

        assert_eq!(manners.place(&old), new);
        assert!(manners.notice().unwrap().contains("https://e.example/feed"));
        manners.answered(&new, None);
        assert_eq!(manners.place(&old), new);
    }

    #[test]
    fn a_move_that_does_not_repeat_or_leads_nowhere_is_forgotten() {
        let (old, new) = (url("http://e.example/feed"), url("https://e.example/feed"));
        let mut manners = Manners::default();

        manners.answered(&old, Some(&new));
        manners.answered(&old, None);
        assert_eq!(manners.moved, None);

        for _ in 0..3 {
            manners.answered(&old, Some(&new));
        }
        manners.failed(&later("busy", None), now());
        assert_eq!(manners.place(&old), new);
        manners.failed(&operator("not found"), now());
        assert_eq!(manners.place(&old), old);
    }

    #[test]
    fn patience_is_kept_to_the_moment() {
        let mut manners = Manners::default();

        manners.failed(&later("slow down", Some(Duration::from_hours(50))), now());

        let until = now() + TimeDelta::hours(50);
        assert_eq!(manners.quiet_until(until - TimeDelta::seconds(1)), Some(until));
        assert_eq!(manners.quiet_until(until), None);
    }

    #[test]
    fn what_is_gone_is_not_asked_again() {
        let mut manners = Manners::default();

        manners.failed(&Trouble::Gone { message: "gone".to_owned() }, now());

        assert!(manners.gone);
    }
}
