//! `[delivery]`: what happens to mails in doubt.

use super::form;
use super::reader::Section;
use crate::delivery::OnUncertain;

/// `[delivery]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliverySettings {
    /// What happens to a mail of which nobody knows whether it went out.
    pub on_uncertain: OnUncertain,
}

/// Reads `[delivery]`.
pub fn read(section: Section<'_>) -> DeliverySettings {
    let words = [("resend", OnUncertain::Resend), ("hold", OnUncertain::Hold)];
    let on_uncertain = section.or("on_uncertain", "resend", form::one_of(&words));
    section.finish();
    DeliverySettings { on_uncertain }
}
