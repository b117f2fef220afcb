use std::sync::Mutex;

use super::*;
use crate::clock::SystemClock;
use crate::daemon::assemble;
use crate::region::Gazetteer;
use crate::source::fetch::{Answer, Fetched, Request, Response, Said};
use crate::store::Store;

/// Answers at once, or never if the address says so.
#[derive(Default)]
struct Wire {
    asked: Mutex<Vec<String>>,
}

impl Fetch for Wire {
    fn fetch(&self, request: Request) -> Answer<'_> {
        let url = request.url;
        self.asked.lock().unwrap().push(url.path().to_owned());
        Box::pin(async move {
            if url.path().starts_with("/hangs") {
                std::future::pending::<()>().await;
            }
            Ok(Response::Document(Fetched {
                bytes: b"<rss><item><title>A</title></item></rss>".to_vec(),
                content_type: None,
                final_url: url,
                etag: None,
                last_modified: None,
                said: Said::default(),
            }))
        })
    }
}

async fn house(folder: &std::path::Path, addresses: &[String]) -> Arc<House> {
    let mut text = "[site]\ntitle = \"T\"\nurl = \"http://127.0.0.1/\"\n".to_owned();
    for (at, address) in addresses.iter().enumerate() {
        text.push_str(&format!(
            "[[source]]\nname = \"s{at}\"\nkind = \"feed\"\nurl = \"{address}\"\n"
        ));
    }
    let path = folder.join("gazetted.toml");
    let config = crate::config::parse(&text, &path, [], None).unwrap();
    let store = Store::open(&config.store.url).await.unwrap();
    let clock = Arc::new(SystemClock);
    let keys = assemble::keys(&store, clock.as_ref()).await.unwrap();
    let settings = assemble::settings(&config).unwrap();
    Arc::new(House::new(store, clock, Arc::new(Gazetteer::builtin()), keys, settings))
}

#[tokio::test]
async fn those_that_hang_do_not_keep_the_others_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let hanging = (0..3 * QUICK).map(|n| format!("https://news.example/hangs/{n}"));
    let healthy = (0..20).map(|n| format!("https://news.example/well/{n}"));
    let house = house(folder.path(), &hanging.chain(healthy).collect::<Vec<_>>()).await;
    let wire = Arc::new(Wire::default());
    let (stopping, stop) = watch::channel(false);
    let sources = house.settings().sources.clone();

    let rounds = tokio::spawn(run(house.clone(), wire.clone(), sources, stop));
    let good = loop {
        let states = visits::states(&house).await.unwrap();
        let good = states.iter().filter(|state| state.visited.is_some()).count();
        if good == 20 {
            break states;
        }
        tokio::task::yield_now().await;
    };
    stopping.send_replace(true);
    rounds.await.unwrap();

    // Those that hang are still being visited: nothing is known of them.
    assert_eq!(good.len(), 20);
    let asked = wire.asked.lock().unwrap();
    assert!(asked.len() <= QUICK + SLOW + 20);
}
