//! `inbox:`: mails go to the built-in inbox page instead of a mail server.
//!
//! Where they are kept is not known here: they are handed to an [`Accept`].

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};

use super::mailer::{Envelope, Failure, Mailer, Offer, Outcome, Session};

/// Keeps mails for the inbox page.
pub trait Accept: Send + Sync {
    /// Keeps one mail. A mail with the Message-ID of an earlier one replaces it.
    ///
    /// # Errors
    /// In words, if it could not be kept.
    fn accept<'a>(
        &'a self,
        envelope: &'a Envelope,
        mail: &'a [u8],
    ) -> BoxFuture<'a, Result<(), String>>;
}

/// Hands mails to the built-in inbox.
#[derive(Clone)]
pub struct Inbox {
    keeper: Arc<dyn Accept>,
}

impl Inbox {
    /// A mailer that hands everything to `keeper`.
    #[must_use]
    pub fn new(keeper: Arc<dyn Accept>) -> Self {
        Self { keeper }
    }
}

impl Mailer for Inbox {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn Session>, Failure>> {
        let session = Handing { keeper: Arc::clone(&self.keeper), offered: None };
        future::ready(Ok(Box::new(session) as Box<dyn Session>)).boxed()
    }
}

struct Handing {
    keeper: Arc<dyn Accept>,
    offered: Option<Envelope>,
}

impl Session for Handing {
    fn offer<'a>(&'a mut self, envelope: &'a Envelope) -> BoxFuture<'a, Offer> {
        self.offered = Some(envelope.clone());
        future::ready(Offer::Accepted).boxed()
    }

    fn hand_over<'a>(
        &'a mut self,
        body: &'a [u8],
        _: Option<&'a Envelope>,
    ) -> BoxFuture<'a, (Outcome, Option<Offer>)> {
        async move {
            let Some(envelope) = self.offered.take() else {
                let text = "a body came before its envelope".to_owned();
                return (Outcome::Relay(Failure::Passing(text)), None);
            };
            let outcome = match self.keeper.accept(&envelope, body).await {
                Ok(()) => Outcome::Sent("kept in the inbox".to_owned()),
                Err(text) => Outcome::Relay(Failure::Passing(format!("the inbox: {text}"))),
            };
            (outcome, None)
        }
        .boxed()
    }

    fn is_spent(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        future::ready(()).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Shelf(Mutex<Vec<(String, Vec<u8>)>>);

    impl Accept for Shelf {
        fn accept<'a>(
            &'a self,
            envelope: &'a Envelope,
            mail: &'a [u8],
        ) -> BoxFuture<'a, Result<(), String>> {
            self.0.lock().unwrap().push((envelope.to().to_owned(), mail.to_vec()));
            future::ready(Ok(())).boxed()
        }
    }

    #[tokio::test]
    async fn each_mail_is_kept_with_its_recipient() {
        let shelf = Arc::new(Shelf::default());
        let envelope = Envelope::new("", "reader@example.org").unwrap();

        let mut session = Inbox::new(shelf.clone()).open().await.unwrap();
        assert_eq!(session.offer(&envelope).await, Offer::Accepted);
        let (outcome, next) = session.hand_over(b"mail", Some(&envelope)).await;

        assert!(matches!(outcome, Outcome::Sent(_)));
        assert_eq!(next, None, "the next has to be offered");
        assert_eq!(*shelf.0.lock().unwrap(), [("reader@example.org".to_owned(), b"mail".to_vec())]);
    }
}
