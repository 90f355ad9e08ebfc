//! Requests by many clients at once, each its next as soon as the last is answered.

use std::time::{Duration, Instant};

use futures::future::try_join_all;

use crate::{Outcome, millis};

/// What came of a load.
#[derive(Debug)]
pub(crate) struct Load {
    /// Requests per second.
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// Makes `many` requests by `clients`; `one` is told which it makes.
pub(crate) async fn load<F: Future<Output = Outcome<()>>>(
    clients: usize,
    many: usize,
    one: impl Fn(usize) -> F,
) -> Outcome<Load> {
    let began = Instant::now();
    let client = async |client: usize| -> Outcome<Vec<Duration>> {
        let mut took = Vec::with_capacity(many / clients + 1);
        for n in (client..many).step_by(clients) {
            let began = Instant::now();
            one(n).await?;
            took.push(began.elapsed());
        }
        Ok(took)
    };
    let mut all = try_join_all((0..clients).map(client)).await?.concat();
    let rate = many as f64 / began.elapsed().as_secs_f64();
    all.sort();
    let at = |part: usize| all.get(all.len() * part / 100).copied().ok_or("nothing was asked");
    Ok(Load { rate, p50: at(50)?, p99: at(99)? })
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0}/s, p50 {}, p99 {}", self.rate, millis(self.p50), millis(self.p99))
    }
}
