use leptos::prelude::*;

use super::{Icon, lu};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Now,
    Todo,
    Failed,
    /// It was over before this one began.
    NotReached,
}

/// One named step of a longer work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub state: StepState,
    pub name: String,
    pub note: Option<String>,
    /// How long it took: "212 ms".
    pub took: Option<String>,
}

#[component]
pub fn Timeline(steps: Vec<Step>) -> impl IntoView {
    view! {
        <ol class="min-w-0">
            {steps.into_iter().map(|step| view! { <StepItem step /> }).collect_view()}
        </ol>
    }
}

#[component]
fn StepItem(step: Step) -> impl IntoView {
    let (word, tick, face) = match step.state {
        StepState::Done => ("done", "bg-ok-soft text-ok", Some(lu::LuCheck)),
        StepState::Now => ("under way", "bg-busy text-card ring-4 ring-busy-soft", None),
        StepState::Todo => ("to come", "ring-[1.5px] ring-line-strong ring-inset", None),
        StepState::NotReached => ("not reached", "ring-[1.5px] ring-line ring-inset", None),
        StepState::Failed => ("failed", "bg-bad-soft text-bad", Some(lu::LuX)),
    };
    let current = (step.state == StepState::Now).then_some("step");
    view! {
        <li
            aria-current=current
            class="relative grid grid-cols-[22px_minmax(0,1fr)_auto] gap-2.5 pb-3.5 not-last:before:absolute not-last:before:top-[23px] not-last:before:bottom-0 not-last:before:left-2 not-last:before:w-px not-last:before:bg-line-strong last:pb-0"
        >
            <span class=format!("mt-0.5 grid size-[17px] place-items-center rounded-full {tick}")>
                {face.map(|glyph| view! { <Icon glyph size="size-[11px]" /> })} <span class="sr-only">{word}</span>
            </span>
            <div class=if matches!(step.state, StepState::Todo | StepState::NotReached) { "min-w-0 text-ink-3" } else { "min-w-0" }>
                {step.name} {step.note.map(|note| view! { <p class="text-xs text-ink-3 [overflow-wrap:anywhere]">{note}</p> })}
            </div>
            <span class="font-mono text-[12.5px] leading-[1.7] text-ink-3">{step.took}</span>
        </li>
    }
}
