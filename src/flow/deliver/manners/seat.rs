//! A place that a mail holds with a minded domain, from its claim until it is
//! settled.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::Book;

/// Given back when it is dropped.
pub(in crate::flow::deliver) struct Seat {
    book: Arc<Mutex<Book>>,
    freed: Arc<Notify>,
    domain: Box<str>,
}

impl Seat {
    /// A place that the caller has counted.
    pub(super) fn new(book: &Arc<Mutex<Book>>, freed: &Arc<Notify>, domain: &str) -> Self {
        Self { book: Arc::clone(book), freed: Arc::clone(freed), domain: domain.into() }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(domain) = book.domains.get_mut(&self.domain) {
            domain.in_hand = domain.in_hand.saturating_sub(1);
            if std::mem::take(&mut domain.waited_for) {
                self.freed.notify_one();
            }
        }
    }
}
