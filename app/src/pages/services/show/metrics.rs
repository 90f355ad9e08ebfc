use contract::{
    Service,
    metrics::{MetricPoint, Metrics, Span},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use time::{Duration, OffsetDateTime};

use crate::{
    calls::services::service_metrics,
    components::words::{bytes, number},
    pages::workspace,
    paths,
    ui::{Card, CardHead, Chart, Notice, Sample, Tone},
};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

/// The span in the address; anything else is an hour.
pub fn span() -> Span {
    use_query_map().with_untracked(|query| query.get("span").and_then(|word| word.parse().ok())).unwrap_or(Span::Hour)
}

/// How it did over a span, one chart a question.
#[component]
pub fn Measured(service: Service) -> impl IntoView {
    let (slug, span) = (workspace(), span());
    Suspend::new(async move {
        match service_metrics(slug, service.name.clone(), span).await {
            Ok(metrics) => view! { <Charts service metrics span /> }.into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad cause="The measurements can't be shown." evidence=Some(error.to_string()) /> }
                    .into_any()
            }
        }
    })
}

/// One point a step, with a gap where there is none.
fn samples(metrics: &Metrics, span: Span, value: impl Fn(&MetricPoint) -> Option<f64>) -> Vec<Sample> {
    let step = i64::from(span.step());
    let whole = i64::from(span.seconds());
    let steps = whole / step;
    let first = (metrics.from.unix_timestamp() / step + 1) * step;
    let sample = |n: i64| {
        let at = first + n * step;
        let point = metrics.points.iter().find(|point| point.at.unix_timestamp() == at);
        let when = OffsetDateTime::from_unix_timestamp(at).map(clock).unwrap_or_default();
        Sample { at: n as f64 / (steps - 1) as f64, value: point.and_then(&value), when }
    };
    // the newest step is still being measured: an empty one is no gap
    let newest = metrics.to.unix_timestamp() / step * step;
    let measured = |sample: &Sample, n: i64| sample.value.is_some() || first + n * step < newest;
    (0..steps).map(|n| (n, sample(n))).filter(|(n, sample)| measured(sample, *n)).map(|(_, sample)| sample).collect()
}

/// "12:04 UTC"
fn clock(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02} UTC", at.hour(), at.minute())
}

#[component]
fn Charts(service: Service, metrics: Metrics, span: Span) -> impl IntoView {
    let slug = workspace();
    let ends = (clock(metrics.to - Duration::seconds(span.seconds().into())), clock(metrics.to));
    let most = metrics.points.iter().map(|point| point.connections_max).fold(0.0, f64::max);
    let most_wal = metrics.points.iter().filter_map(|point| point.wal).fold(0.0, f64::max);
    let disk = service.disk_size * GIB;
    let memory = service.ram_size.map(|ram| ram * MIB);
    let chart =
        |label: &'static str, say: fn(f64) -> String, top: Option<f64>, value: fn(&MetricPoint) -> Option<f64>| {
            let samples = samples(&metrics, span, value);
            view! {
                <div class="min-w-0 border-b border-line bg-card sm:last:col-span-2">
                    <Chart label samples say top ends=ends.clone() />
                </div>
            }
        };
    let spans = [(Span::Hour, "Hour"), (Span::Day, "Day")].map(|(one, word)| {
        let current = (one == span).then_some("true");
        view! {
            <a
                href=paths::service_metrics(&slug, &service.name, one)
                aria-current=current
                class="rounded-sm px-2 py-0.5 text-ink-2 hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent"
            >
                {word}
            </a>
        }
    });
    let nothing = metrics.points.is_empty();
    let charts = [
        chart("Connections", connections, (most > 0.0).then_some(most), |point| Some(point.connections)),
        chart("Transactions", per_second, None, |point| point.transactions),
        chart("Found in cache", percent, Some(1.0), |point| point.cache_hits),
        chart("CPU", cores, service.cpu_size, |point| point.cpu),
        chart("Memory", bytes, memory, |point| Some(point.memory)),
        chart("Size of all databases", bytes, Some(disk), |point| Some(point.size)),
        chart("WAL", bytes_per_second, power_of_two(most_wal), |point| point.wal),
    ];
    let charts = charts.into_iter().collect_view();
    view! {
        <Card>
            <CardHead title="Measured">{spans.into_iter().collect_view()}</CardHead>
            {if nothing {
                view! { <p class="px-4 py-10 text-center text-balance text-ink-2">"Nothing was measured in this span yet. A service that serves is measured every half minute."</p> }
                    .into_any()
            } else {
                view! { <div class="-mb-px grid gap-x-px overflow-hidden rounded-b-md bg-line sm:grid-cols-2">{charts}</div> }.into_any()
            }}
        </Card>
    }
}

/// The least round number of bytes that nothing is above.
fn power_of_two(most: f64) -> Option<f64> {
    (most > 0.0).then(|| most.log2().ceil().exp2())
}

fn connections(value: f64) -> String {
    number((value * 10.0).round() / 10.0)
}

fn per_second(value: f64) -> String {
    format!("{} /s", number((value * 100.0).round() / 100.0))
}

fn bytes_per_second(value: f64) -> String {
    format!("{}/s", bytes(value))
}

fn percent(value: f64) -> String {
    format!("{} %", number((value * 1000.0).round() / 10.0))
}

fn cores(value: f64) -> String {
    format!("{} cores", number((value * 1000.0).round() / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn bytes_are_rounded_up_in_their_own_way() {
        assert_eq!([0.0, 1.0, 50_000.0].map(power_of_two), [None, Some(1.0), Some(65_536.0)]);
    }

    #[test]
    fn a_step_without_a_point_is_a_gap_and_the_newest_may_be_missing() {
        let point = |at| MetricPoint {
            at,
            connections: 1.0,
            connections_max: 20.0,
            transactions: None,
            cache_hits: None,
            size: 0.0,
            wal: None,
            cpu: None,
            memory: 0.0,
        };
        let metrics = Metrics {
            from: datetime!(2026-11-24 11:00:30 UTC),
            to: datetime!(2026-11-24 12:00:30 UTC),
            points: vec![point(datetime!(2026-11-24 11:01 UTC)), point(datetime!(2026-11-24 11:03 UTC))],
        };
        let drawn = samples(&metrics, Span::Hour, |point| Some(point.connections));
        assert_eq!(drawn.len(), 59);
        let values: Vec<_> = drawn.iter().take(4).map(|sample| sample.value).collect();
        assert_eq!(values, [Some(1.0), None, Some(1.0), None]);
        assert_eq!((drawn[0].at, drawn[0].when.as_str()), (0.0, "11:01 UTC"));
    }
}
