//! `[delivery]`: what happens to mails in doubt.

use super::form;
use super::reader::Section;

/// `[delivery]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverySettings {
    /// What happens to a mail of which nobody knows whether it went out.
    pub on_uncertain: OnUncertain,
}

/// What happens to a mail that was being handed over when the line broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUncertain {
    /// It goes again, with the same Message-ID: perhaps twice, never not at all.
    #[default]
    Resend,
    /// It waits for the operator: perhaps not at all, never twice.
    Hold,
}

/// Reads `[delivery]`.
pub fn read(section: Section<'_>) -> DeliverySettings {
    let words = [("resend", OnUncertain::Resend), ("hold", OnUncertain::Hold)];
    let on_uncertain = section.or("on_uncertain", "resend", form::one_of(&words));
    section.finish();
    DeliverySettings { on_uncertain }
}
