//! Consoles that end in the middle of their work, for real: processes that are killed at each point of each step and at
//! random moments, over real servers. Afterwards there is exactly one of everything, or none.
//!
//! A sample runs with all tests. With `BERTH_LONG=1` every work × step × point × passage is repeated, failed and aborted,
//! and there are 200 random kills: `make test-long`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by it")]

mod bench;
mod console;

use std::io::Write as _;
use std::time::{Duration, Instant};

use contract::operation::OperationKind::{Create, Delete, Restart, Retry, Start, Stop, Update};
use control::reconcile::Step;
use control::reconcile::fail_points::{Break, Point};
use control::testing::Work::{self, Look, Mend, Operation};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::bench::{Bench, Disturbance};

/// A process of its own: see [`console`].
#[test]
#[ignore = "the console that the other tests start and end, no test"]
fn console() {
    executor().block_on(console::serve());
}

#[test]
fn a_console_that_ends_anywhere_leaves_one_of_everything_or_none() {
    let place = postgres::testing::unprivileged().unwrap();
    executor().block_on(async {
        let began = Instant::now();
        let mut bench = Bench::new(&place).await;
        let points = if long() { all(&mut bench).await } else { sample(&mut bench).await };
        let kills = random_kills(&mut bench, if long() { 200 } else { 10 }).await;
        bench.end().await;
        say(&format!("aborts: {points} cases and {kills} random kills in {:.0?}", began.elapsed()));
    });
}

/// The works that pass a step.
fn passes(step: Step) -> &'static [Work] {
    match step {
        Step::Ensure => &[Operation(Create), Operation(Update), Operation(Stop)],
        Step::SignIn => &[Operation(Start), Operation(Restart), Operation(Create)],
        Step::Variables => &[Operation(Retry), Operation(Update), Operation(Create)],
        Step::Watch => &[Look, Mend, Look],
        Step::Remove => &[Operation(Delete)],
    }
}

/// Each point of each step once, by an abort.
async fn sample(bench: &mut Bench) -> usize {
    let mut cases = 0;
    for step in Step::ALL {
        for (point, work) in Point::ALL.into_iter().zip(passes(step).iter().cycle()) {
            let at = Disturbance::At(step, point, 1, Break::Hang);
            assert!(bench.does(*work, at).await, "{work:?} doesn't pass {step:?} {point:?}");
            cases += 1;
        }
    }
    cases
}

/// Each passage of each point of each step of each work, by every break. How often a point is passed differs from run to
/// run, since a server takes its time: it is broken into until it isn't passed so often.
async fn all(bench: &mut Bench) -> usize {
    let mut cases = 0;
    for work in Work::all() {
        for (step, point) in Step::ALL.into_iter().flat_map(|step| Point::ALL.map(|point| (step, point))) {
            let mut passed = 0;
            for what in Break::ALL {
                let mut nth = 1;
                while bench.does(work, Disturbance::At(step, point, nth, what)).await {
                    nth += 1;
                }
                passed += nth - 1;
            }
            let must = passes(step).contains(&work);
            assert!(passed >= Break::ALL.len() || !must, "{work:?} doesn't pass {step:?} {point:?}");
            cases += passed;
        }
        say(&format!("{work:?}: {cases} cases so far"));
    }
    cases
}

async fn random_kills(bench: &mut Bench, many: usize) -> usize {
    let seed: u64 = std::env::var("BERTH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    say(&format!("BERTH_SEED={seed}"));
    let mut random = SmallRng::seed_from_u64(seed);
    let works: Vec<_> = Work::all().collect();
    for _ in 0..many {
        let work = works[random.random_range(0..works.len())];
        let wait = Duration::from_millis(random.random_range(0..1500));
        bench.does(work, Disturbance::KillAfter(wait)).await;
    }
    many
}

fn long() -> bool {
    std::env::var_os("BERTH_LONG").is_some_and(|value| value == "1")
}

/// Past the capture of tests: it is to be seen that they ran.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn executor() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
