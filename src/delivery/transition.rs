//! The states of a ledger row and what moves it between them: pure.
//!
//! This module does not know about SMTP, the store or the time; it answers
//! one question: given where a delivery is and what happened, where is it now?

/// Where one delivery is.
///
/// Everything that can happen, as `state ─event▶ state`. Where two states
/// follow, the first is for a delivery that has tries left, the second for one
/// whose tries are used up.
///
/// ```text
/// queued    ─claim▶    claimed             a sender took it
/// queued    ─cancel▶   cancelled           the reader left, or the edition was cancelled
/// queued    ─expire▶   expired             the edition is too old to be mailed
/// claimed   ─accept▶   handing             354: committed before the body is written
/// claimed   ─refuse▶   refused             5xx
/// claimed   ─defer▶    queued | expired    4xx
/// claimed   ─release▶  queued              the relay failed, or the claim expired: nothing went out
/// claimed   ─cancel▶   cancelled
/// handing   ─deliver▶  sent                250
/// handing   ─refuse▶   refused             5xx after the body
/// handing   ─defer▶    queued | expired    4xx after the body
/// handing   ─release▶  queued              the body certainly did not arrive whole
/// handing   ─doubt▶    queued | expired    on_uncertain = "resend": no reply came, same Message-ID again
/// handing   ─doubt▶    held                on_uncertain = "hold"
/// held      ─retry▶    queued              the operator wants it sent again
/// held      ─cancel▶   cancelled
/// refused   ─retry▶    queued
/// expired   ─retry▶    queued
/// ```
///
/// `sent` and `cancelled` are final. After a crash `claimed` means that
/// nothing went out, and `handing` is the one honest doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// A sender has it; nothing has gone out.
    Claimed,
    /// The relay waits for the body, or has it and has not answered.
    Handing,
    /// The relay took responsibility for it.
    Sent,
    /// It was refused for good.
    Refused,
    /// Its tries are used up, or its edition is too old.
    Expired,
    /// It is no longer wanted.
    Cancelled,
    /// It may have gone out; the operator decides.
    Held,
}

/// What happened to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A sender takes it.
    Claim,
    /// The relay accepted sender and recipient and waits for the body.
    Accept,
    /// The relay took responsibility.
    Deliver,
    /// A permanent refusal.
    Refuse,
    /// A temporary refusal; costs a try.
    Defer,
    /// Nothing went out and it is nobody's fault; costs no try.
    Release,
    /// The body may have arrived, but no reply came; costs a try.
    Doubt,
    /// The edition is older than its staleness limit.
    Expire,
    /// The reader left, or the edition was cancelled.
    Cancel,
    /// The operator wants it sent again.
    Retry,
}

/// What to do with a mail whose reply was lost: `[delivery] on_uncertain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnUncertain {
    /// Send it again with the same Message-ID, until its tries are used up.
    #[default]
    Resend,
    /// Put it aside and let the operator decide.
    Hold,
}

/// Whether a delivery may be tried once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tries {
    /// There is at least one more.
    Left,
    /// That was the last one.
    UsedUp,
}

/// Where a delivery in `state` is after `event`; `None` if the event cannot
/// happen there, which means that somebody else has moved it: do not insist.
#[must_use]
pub fn next(state: State, event: Event, on_uncertain: OnUncertain, tries: Tries) -> Option<State> {
    use Event as E;
    use State as S;
    let again = match tries {
        Tries::Left => S::Queued,
        Tries::UsedUp => S::Expired,
    };
    Some(match (state, event) {
        (S::Queued, E::Claim) => S::Claimed,
        (S::Queued | S::Claimed | S::Held, E::Cancel) => S::Cancelled,
        (S::Queued, E::Expire) => S::Expired,
        (S::Claimed, E::Accept) => S::Handing,
        (S::Claimed | S::Handing, E::Refuse) => S::Refused,
        (S::Claimed | S::Handing, E::Defer) => again,
        (S::Claimed | S::Handing, E::Release) | (S::Held | S::Refused | S::Expired, E::Retry) => {
            S::Queued
        }
        (S::Handing, E::Deliver) => S::Sent,
        (S::Handing, E::Doubt) => match on_uncertain {
            OnUncertain::Resend => again,
            OnUncertain::Hold => S::Held,
        },
        _ => return None,
    })
}

impl State {
    /// Every state, in the order in which they are reported.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Claimed,
        Self::Handing,
        Self::Sent,
        Self::Refused,
        Self::Expired,
        Self::Cancelled,
        Self::Held,
    ];

    /// The word that stands for it in the store and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Handing => "handing",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Held => "held",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// True if nothing more happens to it unless the operator acts.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Queued | Self::Claimed | Self::Handing)
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Claim,
        Self::Accept,
        Self::Deliver,
        Self::Refuse,
        Self::Defer,
        Self::Release,
        Self::Doubt,
        Self::Expire,
        Self::Cancel,
        Self::Retry,
    ];

    /// The word that stands for it in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Accept => "accept",
            Self::Deliver => "deliver",
            Self::Refuse => "refuse",
            Self::Defer => "defer",
            Self::Release => "release",
            Self::Doubt => "doubt",
            Self::Expire => "expire",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

impl OnUncertain {
    /// The word in the config.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Hold => "hold",
        }
    }

    /// Reads the word from the config.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Resend, Self::Hold].into_iter().find(|choice| choice.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    type Edge = (String, String, String, &'static str, &'static str);

    /// The edges of the drawing above, spelled out for each setting and number of tries.
    fn drawn() -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for line in include_str!("transition.rs").lines() {
            let Some(line) = line.strip_prefix("/// ") else { continue };
            let Some((from, rest)) = line.split_once('─') else { continue };
            let (event, rest) = rest.split_once('▶').expect("an arrow has a head");
            if from.trim().contains(' ') || from.contains('`') {
                continue;
            }
            let mut words = rest.split_whitespace();
            let with_tries = words.next().expect("an arrow leads somewhere");
            let without =
                if words.next() == Some("|") { words.next().unwrap() } else { with_tries };
            for setting in [OnUncertain::Resend, OnUncertain::Hold] {
                let leads_aside = with_tries == "held";
                if event == "doubt" && leads_aside != (setting == OnUncertain::Hold) {
                    continue;
                }
                for (tries, to) in [("left", with_tries), ("used up", without)] {
                    edges.insert((
                        from.trim().into(),
                        event.into(),
                        to.into(),
                        setting.as_str(),
                        tries,
                    ));
                }
            }
        }
        edges
    }

    #[test]
    fn the_drawing_shows_exactly_what_the_code_does() {
        let mut coded = BTreeSet::new();
        for state in State::ALL {
            for event in Event::ALL {
                for setting in [OnUncertain::Resend, OnUncertain::Hold] {
                    for (tries, word) in [(Tries::Left, "left"), (Tries::UsedUp, "used up")] {
                        if let Some(to) = next(state, event, setting, tries) {
                            coded.insert((
                                state.as_str().to_owned(),
                                event.as_str().to_owned(),
                                to.as_str().to_owned(),
                                setting.as_str(),
                                word,
                            ));
                        }
                    }
                }
            }
        }

        assert_eq!(drawn(), coded);
    }

    #[test]
    fn a_sent_mail_never_moves_again() {
        for event in Event::ALL {
            for setting in [OnUncertain::Resend, OnUncertain::Hold] {
                assert_eq!(next(State::Sent, event, setting, Tries::Left), None);
            }
        }
    }

    #[test]
    fn a_mail_in_doubt_is_never_sent_again_when_the_operator_wants_to_decide() {
        assert_eq!(
            next(State::Handing, Event::Doubt, OnUncertain::Hold, Tries::Left),
            Some(State::Held)
        );
    }

    #[test]
    fn words_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("lost"), None);
        assert_eq!(OnUncertain::parse("hold"), Some(OnUncertain::Hold));
        assert_eq!(OnUncertain::parse("HOLD"), None);
    }
}
