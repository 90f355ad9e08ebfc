use contract::resource::Resource;
use leptos::prelude::*;

use super::words;
use crate::{
    pages::workspace,
    paths,
    ui::{Card, CardBody, CardHead, CardLink, Level, Meter},
};

const GIB: f64 = 1_073_741_824.0;

/// How full a resource is.
#[component]
pub fn Fill(
    pool: Resource,
    /// Whether the title is the resource's name and leads to its own page.
    #[prop(optional)]
    link: bool,
) -> impl IntoView {
    let bytes = |label: &'static str, used: u64, whole: u64| {
        let (used, whole) = (used as f64 / GIB, whole as f64 / GIB);
        meter(label, Level { used, this: 0.0, whole }, "GiB")
    };
    let (used, whole) = (words::number(pool.total_used_cpu_size), words::number(pool.total_cpu_size));
    let cpu = format!("CPU: services may take up to {used} of {whole} cores. A ceiling, which never refuses one.");
    let about = format!("{} · {}", pool.plan_code_name, pool.region_code);
    let head = if link {
        let href = paths::resource(&workspace(), pool.uuid);
        view! { <CardLink title=pool.label href>{about}</CardLink> }.into_any()
    } else {
        view! { <CardHead title="How full it is" /> }.into_any()
    };
    view! {
        <Card>
            {head}
            <CardBody>
                {bytes("Memory", pool.total_used_ram_size, pool.total_ram_size)}
                {bytes("Disk", pool.total_used_disk_size, pool.total_disk_size)}
                <p class="text-sm text-ink-3">{cpu}</p>
            </CardBody>
        </Card>
    }
}

/// "5.9 of 8 GiB"
fn meter(label: &'static str, level: Level, unit: &'static str) -> impl IntoView {
    let words = format!("{} of {} {unit}", words::number(level.used), words::number(level.whole));
    view! { <Meter label words=Signal::stored(words) level=Signal::stored(level) /> }
}
