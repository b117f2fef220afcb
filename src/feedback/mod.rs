//! What comes back: bounces, complaints, unsubscribe mails.

pub mod verp;
