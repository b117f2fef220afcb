//! What waits before the connections of one way out.
//!
//! A connection that has just handed a mail over takes the next without
//! waiting for anybody: that is the common case, and it costs a lock that is
//! held for the length of a move.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Many take out, in order.
pub(super) struct Queue<T> {
    line: Mutex<Line<T>>,
    filled: Notify,
    /// Rung when the line has become as short as `low`.
    drained: Arc<Notify>,
    low: usize,
}

struct Line<T> {
    waiting: VecDeque<T>,
    /// Those that are still being made ready, and will wait here.
    announced: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// An empty one that rings `drained` when only `low` are left.
    pub(super) fn new(low: usize, drained: Arc<Notify>) -> Self {
        let line = Line { waiting: VecDeque::new(), announced: 0, closed: false };
        Self { line: Mutex::new(line), filled: Notify::new(), drained, low }
    }

    fn line(&self) -> MutexGuard<'_, Line<T>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one in.
    pub(super) fn push(&self, item: T) {
        self.announce();
        self.arrive(Some(item));
    }

    /// Keeps a place for one that is being made ready.
    pub(super) fn announce(&self) {
        self.line().announced += 1;
    }

    /// What was announced is here, or will not come.
    pub(super) fn arrive(&self, item: Option<T>) {
        let mut line = self.line();
        line.announced = line.announced.saturating_sub(1);
        let left = item.is_none();
        line.waiting.extend(item);
        self.shortened(&line, left);
        drop(line);
        self.filled.notify_one();
    }

    /// Takes the next if one is there.
    pub(super) fn pop_now(&self) -> Option<T> {
        let mut line = self.line();
        let item = line.waiting.pop_front();
        self.shortened(&line, item.is_some());
        item
    }

    /// Waits for the next; `None` when there will be none.
    pub(super) async fn pop(&self) -> Option<T> {
        loop {
            let filled = self.filled.notified();
            {
                let mut line = self.line();
                let item = line.waiting.pop_front();
                let over = line.closed && line.announced == 0 && line.waiting.is_empty();
                self.shortened(&line, item.is_some());
                if over || !line.waiting.is_empty() {
                    // Two rings before anybody woke are heard as one: pass it on.
                    self.filled.notify_one();
                }
                if item.is_some() || over {
                    return item;
                }
            }
            filled.await;
        }
    }

    fn shortened(&self, line: &Line<T>, by_one: bool) {
        if by_one && line.waiting.len() + line.announced == self.low {
            self.drained.notify_one();
        }
    }

    /// How many wait, and will.
    pub(super) fn len(&self) -> usize {
        let line = self.line();
        line.waiting.len() + line.announced
    }

    /// Nothing more comes; what waits is still taken.
    pub(super) fn close(&self) {
        self.line().closed = true;
        self.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_that_is_put_in_is_taken_out_once_and_then_everybody_goes_home() {
        let drained = Arc::new(Notify::new());
        let queue = Arc::new(Queue::new(5, Arc::clone(&drained)));
        let takers: Vec<_> = (0..8)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move {
                    let mut taken = vec![];
                    while let Some(item) = queue.pop().await {
                        taken.push(item);
                        taken.extend(queue.pop_now());
                        tokio::task::yield_now().await;
                    }
                    taken
                })
            })
            .collect();

        for item in 0..1000 {
            queue.announce();
            queue.arrive((item % 10 != 3).then_some(item));
            if item % 50 == 49 {
                while queue.len() > 5 {
                    drained.notified().await;
                }
            }
        }
        queue.close();
        let mut all = vec![];
        for taker in takers {
            all.extend(taker.await.unwrap());
        }

        all.sort_unstable();
        assert_eq!(all, (0..1000).filter(|item| item % 10 != 3).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn nobody_goes_home_while_something_is_announced() {
        let queue = Arc::new(Queue::new(0, Arc::default()));
        queue.announce();
        queue.close();
        let taker = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { (queue.pop().await, queue.pop().await) }
        });
        tokio::task::yield_now().await;

        queue.arrive(Some("late"));

        assert_eq!(taker.await.unwrap(), (Some("late"), None));
    }
}
