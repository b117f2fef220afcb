//! Daemons that die: at a moment that the test chooses, or after so many polls.
//! What they were doing ends where it stands, and nothing of theirs says goodbye.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use gazetted::daemon::{self, assemble};
use gazetted::flow::{House, deliver};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::World;
use super::world::LOOK;

/// A daemon that sends until it is killed, on threads of its own.
pub struct Mortal {
    /// Its name in the ledger.
    pub instance: String,
    house: Arc<House>,
    runtime: Runtime,
}

impl Mortal {
    /// Starts it over the store of `world`.
    pub async fn sends(world: &World) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let builder = world.builder();
        let instance = uuid::Uuid::new_v4().simple().to_string();
        let (tell, told) = tokio::sync::oneshot::channel();
        let name = instance.clone();
        runtime.spawn(async move {
            let house = builder.build().await;
            let _ = tell.send(house.clone());
            let (_alive, stop) = watch::channel(false);
            send_as(&name, house, stop).await;
        });
        Self { instance, house: told.await.unwrap(), runtime }
    }

    /// Wakes it: there may be something to do.
    pub fn wake(&self) {
        self.house.bells.deliveries.notify_waiters();
    }

    /// Everything it was doing ends where it stands.
    pub fn kill(self) {
        self.runtime.shutdown_background();
    }
}

/// What a daemon does that only sends: it takes over, and sends until told to stop.
pub async fn send(house: Arc<House>, stop: watch::Receiver<bool>) {
    send_as(&uuid::Uuid::new_v4().simple().to_string(), house, stop).await;
}

async fn send_as(name: &str, house: Arc<House>, stop: watch::Receiver<bool>) {
    daemon::take_over(&house, name).await.unwrap();
    let mailer = assemble::mailer_of(&house);
    let sending = assemble::sending(&house, &mailer, name).unwrap();
    deliver::run(sending, deliver::Until::Stopped, stop).await;
}

/// Runs a step of a daemon that dies when the step was polled so often: true
/// if it came to its end before. The step is told to stop when nothing is left
/// to be sent.
pub async fn dies_after<F: Future<Output = ()>>(
    world: &World,
    polls: usize,
    step: impl FnOnce(Arc<House>, watch::Receiver<bool>) -> F + Send + 'static,
) -> bool {
    let builder = world.builder();
    let (stopping, stop) = watch::channel(false);
    let life = tokio::task::spawn_blocking(move || {
        // One task at a time, so that the step is dropped at each state of the others.
        let runtime = Builder::new_current_thread().enable_all().event_interval(1).build().unwrap();
        let house = runtime.block_on(builder.build());
        let ended = runtime.block_on(at_most(polls, step(house, stop)));
        runtime.shutdown_background();
        ended
    });
    let mut life = pin!(life);
    let idle = async {
        while !world.is_idle().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        ended = &mut life => return ended.unwrap(),
        () = idle => {}
    }
    stopping.send_replace(true);
    life.await.unwrap()
}

/// Polls a step so often and drops it where it then waits: true if it came to
/// its end before.
async fn at_most(mut polls: usize, step: impl Future<Output = ()>) -> bool {
    let mut step = pin!(step);
    std::future::poll_fn(|context| {
        polls -= 1;
        match step.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if polls == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
