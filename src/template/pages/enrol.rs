//! Pages on which people come and go: subscribe, confirm, unsubscribe.

use serde::Serialize;

use super::{Page, Shell};

/// The form. `subscribe.html`
///
/// Posts `email`, `region` (once for each choice), `timezone`, and `website`,
/// which people do not see and leave empty, to `/subscribe`.
#[derive(Debug, Clone, Serialize)]
pub struct Subscribe {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// What was typed before, when the form comes back.
    pub email: String,
    /// What is wrong with it; empty at first.
    pub error: String,
    /// Titles of the digests one gets.
    pub digests: Vec<String>,
    /// Regions to choose from; none chosen means all.
    pub regions: Vec<RegionChoice>,
    /// Zones to choose from; empty if no digest asks.
    pub zones: Vec<ZoneGroup>,
}

/// A region to tick.
#[derive(Debug, Clone, Serialize)]
pub struct RegionChoice {
    /// Its path.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its colour; see [`crate::template::hue`].
    pub hue: u8,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// Time zones of one part of the world.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneGroup {
    /// `Europe`.
    pub name: String,
    /// Its zones.
    pub zones: Vec<ZoneChoice>,
}

/// A time zone to pick.
#[derive(Debug, Clone, Serialize)]
pub struct ZoneChoice {
    /// `Europe/Lisbon`.
    pub value: String,
    /// `Lisbon`.
    pub name: String,
    /// Whether it is picked.
    pub chosen: bool,
}

/// The answer to the form, the same for every address. `check-mail.html`
#[derive(Debug, Clone, Serialize)]
pub struct CheckMail {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
}

/// Asks for the click that confirms. `confirm.html`
#[derive(Debug, Clone, Serialize)]
pub struct Confirm {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Where the button posts to.
    pub action: String,
}

/// Thanks. `confirmed.html`
#[derive(Debug, Clone, Serialize)]
pub struct Confirmed {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
}

/// What a subscriber gets, to change. `preferences.html`
///
/// Posts `region` (once for each choice) and `timezone`.
#[derive(Debug, Clone, Serialize)]
pub struct Preferences {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Where the form posts to.
    pub action: String,
    /// Whether it has just been saved.
    pub saved: bool,
    /// Regions to choose from; none chosen means all.
    pub regions: Vec<RegionChoice>,
    /// Zones to choose from; empty if no digest asks.
    pub zones: Vec<ZoneGroup>,
    /// Where one leaves; may be empty.
    pub unsubscribe_url: String,
}

/// Asks for the click that unsubscribes. `unsubscribe.html`
#[derive(Debug, Clone, Serialize)]
pub struct Unsubscribe {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
    /// Where the button posts `List-Unsubscribe=One-Click` to.
    pub action: String,
}

/// Good-bye. `unsubscribed.html`
#[derive(Debug, Clone, Serialize)]
pub struct Unsubscribed {
    /// What stands around it.
    #[serde(flatten)]
    pub shell: Shell,
}

impl Page for Subscribe {
    const FILE: &'static str = "subscribe.html";

    fn samples() -> Vec<Self> {
        let region = |path: &str, name: &str, chosen| RegionChoice {
            path: path.to_owned(),
            name: name.to_owned(),
            hue: crate::template::hue(path),
            chosen,
        };
        let zone = |value: &str, name: &str, chosen| ZoneChoice {
            value: value.to_owned(),
            name: name.to_owned(),
            chosen,
        };
        let form = Self {
            shell: Shell::sample(),
            email: String::new(),
            error: String::new(),
            digests: vec!["The week by region".to_owned()],
            regions: vec![
                region("africa", "Africa", false),
                region("americas", "Americas", false),
                region("asia", "Asia", true),
                region("europe", "Europe", false),
                region("oceania", "Oceania", false),
            ],
            zones: vec![ZoneGroup {
                name: "Europe".to_owned(),
                zones: vec![
                    zone("Europe/Lisbon", "Lisbon", false),
                    zone("Europe/London", "London", true),
                ],
            }],
        };
        let back = Self {
            email: "\"><b>@example.org".to_owned(),
            error: "This is not a mail address.".to_owned(),
            digests: vec![],
            ..form.clone()
        };
        let bare =
            Self { shell: Shell::bare_sample(), regions: vec![], zones: vec![], ..form.clone() };
        vec![form, back, bare]
    }
}

impl Page for Preferences {
    const FILE: &'static str = "preferences.html";

    fn samples() -> Vec<Self> {
        let pages = Subscribe::samples().into_iter().map(|form| Self {
            shell: form.shell,
            action: "/preferences/TOKEN".to_owned(),
            saved: !form.error.is_empty(),
            regions: form.regions,
            zones: form.zones,
            unsubscribe_url: "/unsubscribe/TOKEN".to_owned(),
        });
        pages.collect()
    }
}

impl Page for CheckMail {
    const FILE: &'static str = "check-mail.html";

    fn samples() -> Vec<Self> {
        vec![Self { shell: Shell::sample() }, Self { shell: Shell::bare_sample() }]
    }
}

impl Page for Confirm {
    const FILE: &'static str = "confirm.html";

    fn samples() -> Vec<Self> {
        vec![Self { shell: Shell::sample(), action: "/confirm/TOKEN".to_owned() }]
    }
}

impl Page for Confirmed {
    const FILE: &'static str = "confirmed.html";

    fn samples() -> Vec<Self> {
        vec![Self { shell: Shell::sample() }, Self { shell: Shell::bare_sample() }]
    }
}

impl Page for Unsubscribe {
    const FILE: &'static str = "unsubscribe.html";

    fn samples() -> Vec<Self> {
        vec![Self { shell: Shell::sample(), action: "/unsubscribe/TOKEN".to_owned() }]
    }
}

impl Page for Unsubscribed {
    const FILE: &'static str = "unsubscribed.html";

    fn samples() -> Vec<Self> {
        vec![Self { shell: Shell::sample() }, Self { shell: Shell::bare_sample() }]
    }
}
