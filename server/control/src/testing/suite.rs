//! The contract tests of the port, for every runtime: what absent, half done and already done mean.
//!
//! A runtime's crate says [`port_suite!`](crate::port_suite) once for each way in which it can be set up.

use std::time::Duration;

use contract::log::{LogFilter, LogLines};
use contract::spec::Size;
use contract::values::{Mib, Secret};
use futures::StreamExt as _;
use tokio::time::timeout;

use super::lab::{LONG, delete, drive, phase, service, sign_in, wanted};
pub use super::lab::{Lab, credentials, ready};
use crate::port::{Desired, Phase, PortError, Power, Provisioner as _, Removal, ServiceName, ServiceRef};

/// Each contract as one test of a module. The expression makes a [`Lab`] and may await.
#[macro_export]
macro_rules! port_suite {
    ($(#[$with:meta])* $module:ident, $lab:expr) => {
        $crate::port_suite! { $(#[$with])* $module, $lab,
            what_was_never_made_is_absent
            ensure_goes_step_by_step_to_ready_and_stays_there
            a_call_that_is_cut_off_can_be_repeated
            two_calls_at_once_end_in_one_service
            a_service_that_is_wanted_stopped_is_made_and_does_not_run
            stop_and_start_keep_the_service
            what_is_ready_behind_a_restart_has_begun_anew
            a_server_that_dies_is_seen_hinted_at_and_started_again
            only_the_right_password_signs_in
            another_password_takes_the_place_of_the_old_one
            another_size_is_applied
            delete_leaves_nothing_and_may_be_repeated
            what_is_half_made_can_be_deleted
            lost_storage_is_said_and_nothing_made_anew
            a_name_of_the_longest_length_works
            services_do_not_touch_one_another
            what_a_server_logs_can_be_searched
            only_a_server_that_runs_is_measured
        }
    };
    ($(#[$with:meta])* $module:ident, $lab:expr, $($contract:ident)*) => {
        $crate::port_suite! { @[$(#[$with])*] $module, $lab, $($contract)* }
    };
    (@$with:tt $module:ident, $lab:expr, $($contract:ident)*) => {
        mod $module {
            use super::*;
            $($crate::port_suite! { @$with $lab, $contract })*
        }
    };
    (@[$(#[$with:meta])*] $lab:expr, $contract:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$with])*
        async fn $contract() {
            $crate::testing::suite::$contract(&$lab).await;
        }
    };
}

pub async fn what_was_never_made_is_absent(lab: &impl Lab) {
    let absent = service();
    assert_eq!(phase(lab, &absent).await, Phase::Absent);
    assert_eq!(
        lab.runtime().restart(&credentials(lab, &wanted(lab, absent.clone()))).await.unwrap().phase,
        Phase::Absent
    );
    assert_eq!(lab.runtime().delete(&absent).await.unwrap(), Removal::Gone);
    assert_eq!(phase(lab, &absent).await, Phase::Absent);
    let nobody = sign_in(lab, &wanted(lab, absent)).await;
    assert!(matches!(nobody, Err(PortError::Retry { .. })), "{nobody:?}");
}

pub async fn ensure_goes_step_by_step_to_ready_and_stays_there(lab: &impl Lab) {
    let desired = wanted(lab, service());
    let way = drive(lab, &desired, Phase::Ready).await;
    assert!(way.is_sorted(), "{way:?}");
    assert!(lab.way().iter().all(|phase| way.contains(phase)), "{way:?}");
    assert_eq!(sign_in(lab, &desired).await.unwrap().version.split('.').next(), Some(&*lab.major().to_string()));
    for _ in 0..3 {
        assert_eq!(lab.runtime().ensure(&desired).await.unwrap().phase, Phase::Ready);
        // whether role and database are as wanted is no question of a look
        assert_eq!(phase(lab, &desired.service).await, Phase::Running);
    }
    let known = Desired { existed: true, ..desired };
    assert_eq!(lab.runtime().ensure(&known).await.unwrap().phase, Phase::Ready);
}

pub async fn a_call_that_is_cut_off_can_be_repeated(lab: &impl Lab) {
    for patience in [1, 10, 60] {
        let desired = wanted(lab, service());
        for _ in 0..4 {
            let _ = timeout(Duration::from_millis(patience), lab.runtime().ensure(&desired)).await;
        }
        drive(lab, &desired, Phase::Ready).await;
        sign_in(lab, &desired).await.unwrap();
        let _ = timeout(Duration::from_millis(patience), lab.runtime().restart(&credentials(lab, &desired))).await;
        drive(lab, &desired, Phase::Ready).await;
        let _ = timeout(Duration::from_millis(patience), lab.runtime().delete(&desired.service)).await;
        delete(lab, &desired.service).await;
        assert_eq!(phase(lab, &desired.service).await, Phase::Absent, "{patience} ms");
    }
}

pub async fn two_calls_at_once_end_in_one_service(lab: &impl Lab) {
    let desired = wanted(lab, service());
    tokio::join!(drive(lab, &desired, Phase::Ready), drive(lab, &desired, Phase::Ready));
    sign_in(lab, &desired).await.unwrap();
    let (service, runtime, at) = (&desired.service, lab.runtime(), credentials(lab, &desired));
    let (one, two) = tokio::join!(runtime.restart(&at), runtime.restart(&at));
    one.unwrap();
    two.unwrap();
    tokio::join!(drive(lab, &desired, Phase::Ready), drive(lab, &desired, Phase::Ready));
    sign_in(lab, &desired).await.unwrap();
    tokio::join!(delete(lab, service), delete(lab, service));
    assert_eq!(phase(lab, service).await, Phase::Absent);
}

pub async fn a_service_that_is_wanted_stopped_is_made_and_does_not_run(lab: &impl Lab) {
    let running = wanted(lab, service());
    let stopped = Desired { power: Power::Stopped, ..running.clone() };
    drive(lab, &stopped, Phase::Stopped).await;
    assert_eq!(lab.runtime().ensure(&stopped).await.unwrap().phase, Phase::Stopped);
    assert_eq!(phase(lab, &stopped.service).await, Phase::Stopped);
    drive(lab, &running, Phase::Ready).await;
    sign_in(lab, &running).await.unwrap();
}

pub async fn stop_and_start_keep_the_service(lab: &impl Lab) {
    let running = Desired { existed: true, ..ready(lab).await };
    let stopped = Desired { power: Power::Stopped, ..running.clone() };
    for _ in 0..2 {
        drive(lab, &stopped, Phase::Stopped).await;
        assert_eq!(phase(lab, &stopped.service).await, Phase::Stopped);
        sign_in(lab, &running).await.unwrap_err();
    }
    drive(lab, &running, Phase::Ready).await;
    sign_in(lab, &running).await.unwrap();
}

pub async fn what_is_ready_behind_a_restart_has_begun_anew(lab: &impl Lab) {
    let desired = ready(lab).await;
    let began = lab.began(&desired.service).await;
    for _ in 0..2 {
        assert!(lab.runtime().restart(&credentials(lab, &desired)).await.unwrap().phase < Phase::Running);
    }
    drive(lab, &desired, Phase::Ready).await;
    assert_ne!(lab.began(&desired.service).await, began);
    sign_in(lab, &desired).await.unwrap();
}

pub async fn a_server_that_dies_is_seen_hinted_at_and_started_again(lab: &impl Lab) {
    let desired = Desired { existed: true, ..ready(lab).await };
    let mut hints = lab.runtime().changes();
    lab.kill(&desired.service).await;
    let hinted = async { while hints.next().await.as_ref() != Some(&desired.service.name) {} };
    timeout(LONG, hinted).await.expect("a hint");
    let seen = async { while phase(lab, &desired.service).await >= Phase::Running {} };
    timeout(LONG, seen).await.expect("it is seen");
    drive(lab, &desired, Phase::Ready).await;
    sign_in(lab, &desired).await.unwrap();
}

pub async fn only_the_right_password_signs_in(lab: &impl Lab) {
    let desired = ready(lab).await;
    for wrong in ["", "a'b", "a'b\"c $d\\ %00 e"] {
        let refused = sign_in(lab, &Desired { password: Secret::new(wrong), ..desired.clone() }).await;
        assert!(matches!(refused, Err(PortError::Retry { .. })), "{refused:?}");
        assert!(!refused.unwrap_err().to_string().contains("a'b"));
    }
    sign_in(lab, &desired).await.unwrap();
}

pub async fn another_password_takes_the_place_of_the_old_one(lab: &impl Lab) {
    let old = ready(lab).await;
    let new = Desired { password: Secret::new("another"), ..old.clone() };
    drive(lab, &new, Phase::Ready).await;
    sign_in(lab, &new).await.unwrap();
    sign_in(lab, &old).await.unwrap_err();
}

pub async fn another_size_is_applied(lab: &impl Lab) {
    let small = ready(lab).await;
    let size = Size { ram: Mib::new(small.size.ram.mib() * 4), ..small.size };
    let large = Desired { size, existed: true, ..small.clone() };
    let before = lab.memory(&small.service).await;
    drive(lab, &large, Phase::Ready).await;
    assert_ne!(lab.memory(&small.service).await, before);
    sign_in(lab, &large).await.unwrap();
    drive(lab, &small, Phase::Ready).await;
    assert_eq!(lab.memory(&small.service).await, before);
}

pub async fn delete_leaves_nothing_and_may_be_repeated(lab: &impl Lab) {
    let desired = ready(lab).await;
    delete(lab, &desired.service).await;
    assert_eq!(lab.runtime().delete(&desired.service).await.unwrap(), Removal::Gone);
    assert_eq!(phase(lab, &desired.service).await, Phase::Absent);
    sign_in(lab, &desired).await.unwrap_err();
    // the name and the port are free again
    drive(lab, &desired, Phase::Ready).await;
    sign_in(lab, &desired).await.unwrap();
}

pub async fn what_is_half_made_can_be_deleted(lab: &impl Lab) {
    for calls in 1..=4 {
        let desired = wanted(lab, service());
        for _ in 0..calls {
            let _ = lab.runtime().ensure(&desired).await;
        }
        delete(lab, &desired.service).await;
        assert_eq!(phase(lab, &desired.service).await, Phase::Absent, "after {calls} calls");
    }
}

pub async fn lost_storage_is_said_and_nothing_made_anew(lab: &impl Lab) {
    let desired = Desired { existed: true, ..ready(lab).await };
    delete(lab, &desired.service).await;
    for power in [Power::Running, Power::Stopped, Power::Running] {
        let seen = lab.runtime().ensure(&Desired { power, ..desired.clone() }).await.unwrap();
        assert_eq!(seen.phase, Phase::Lost);
        assert_eq!(phase(lab, &desired.service).await, Phase::Absent);
    }
}

pub async fn a_name_of_the_longest_length_works(lab: &impl Lab) {
    let short = service();
    let long = format!("p{}-{short}", "x".repeat(ServiceName::LONGEST - short.name.as_str().len() - 2));
    let desired = wanted(lab, ServiceRef { name: ServiceName::parse(&long).expect("a name"), ..short });
    assert_eq!(desired.service.name.as_str().len(), ServiceName::LONGEST);
    drive(lab, &desired, Phase::Ready).await;
    sign_in(lab, &desired).await.unwrap();
    delete(lab, &desired.service).await;
    assert_eq!(phase(lab, &desired.service).await, Phase::Absent);
}

pub async fn services_do_not_touch_one_another(lab: &impl Lab) {
    let (one, two) = tokio::join!(ready(lab), ready(lab));
    lab.runtime().restart(&credentials(lab, &one)).await.unwrap();
    sign_in(lab, &two).await.unwrap();
    let Desired { service, database, password, .. } = one.clone();
    let stolen = Desired { service, database, password, ..two.clone() };
    delete(lab, &one.service).await;
    sign_in(lab, &two).await.unwrap();
    sign_in(lab, &stolen).await.unwrap_err();
}

pub async fn what_a_server_logs_can_be_searched(lab: &impl Lab) {
    let desired = ready(lab).await;
    let find = async |q: &str, lines| {
        let filter = LogFilter { q: q.into(), lines };
        lab.runtime().log(&desired.service, &filter, &desired.password).await.unwrap()
    };
    let all = find("", LogFilter::MOST).await;
    assert!(!all.lines.is_empty() && !all.more, "{all:?}");
    let known = find("log:", LogFilter::MOST).await;
    assert!(known.lines.iter().all(|line| line.contains("LOG:")) && !known.lines.is_empty(), "{known:?}");
    // a server that is ready may still log what it does after a reload
    let newest = async {
        loop {
            let (before, one, after) =
                (find("", LogFilter::MOST).await, find("", 1).await, find("", LogFilter::MOST).await);
            if before == after {
                assert_eq!(one.lines, after.lines[after.lines.len() - 1..]);
                assert_eq!(one.more, after.lines.len() > 1);
                return;
            }
        }
    };
    timeout(LONG, newest).await.expect("a log that comes to rest");
    assert_eq!(find("nothing says this", 9).await, LogLines::default());
    delete(lab, &desired.service).await;
    assert_eq!(find("", 9).await, LogLines::default());
}

pub async fn only_a_server_that_runs_is_measured(lab: &impl Lab) {
    let desired = ready(lab).await;
    let measure = async || lab.runtime().measure(&credentials(lab, &desired)).await.unwrap();
    let first = async {
        loop {
            match measure().await {
                Some(one) => return one,
                None => tokio::time::sleep(lab.pace()).await,
            }
        }
    };
    let one = timeout(LONG, first).await.expect("it is measured");
    assert!(one.max_connections > 0 && one.size > 0 && one.memory > 0, "{one:?}");
    // up to 14 a session's counts are collected a moment after its end
    let later = async {
        loop {
            let two = measure().await.expect("it is measured again");
            assert!(two.cpu_ms >= one.cpu_ms, "{one:?} {two:?}");
            if two.transactions > one.transactions {
                return;
            }
        }
    };
    timeout(LONG, later).await.expect("the next look's own transaction counts");
    drive(lab, &Desired { power: Power::Stopped, ..desired.clone() }, Phase::Stopped).await;
    assert_eq!(measure().await, None);
    delete(lab, &desired.service).await;
    assert_eq!(measure().await, None);
}
