use contract::spec::ServiceType;
use leptos::prelude::*;

use super::Form;
use crate::ui::Switch;

/// The variable that everybody reads.
const DATABASE_URL: &str = "DATABASE_URL";

/// How many variables would be written and how many are kept because they exist; `None` where the names aren't known.
pub fn counts(known: &Option<Vec<String>>) -> Option<(u8, u8)> {
    known.as_ref().map(|known| if exists(known) { (1, 1) } else { (2, 0) })
}

/// Compared without case, as the project does.
fn exists(known: &[String]) -> bool {
    known.iter().any(|key| key.eq_ignore_ascii_case(DATABASE_URL))
}

/// The switch, and what it will write.
#[component]
pub fn Variables(form: Form) -> impl IntoView {
    let on = form.draft.variables;
    let own = view! { <code class="font-mono">"POSTGRES_…_URL"</code> ", with the name that Berth gives: written" };
    let hint = Signal::derive(move || (!on.get()).then(|| "Apps have to be told the connection by hand.".to_owned()));
    let list = Signal::derive(move || {
        if on.get() { "mt-1.5 grid gap-1 pl-[46px] text-sm text-ink-2" } else { "hidden" }.to_owned()
    });
    let fate = Signal::derive(move || {
        match &form.offer.get().known {
            Some(known) if exists(known) => ": kept, because it exists",
            Some(_) => ": written",
            None => ": written, unless it exists",
        }
        .to_owned()
    });
    view! {
        <div class=form.draft.only(ServiceType::Postgres, "min-w-0")>
            <Switch name="environment_variables" label="Write connection variables to the project" on hint />
            <ul class=list>
                <li>{own}</li>
                <li>
                    <code class="font-mono">{DATABASE_URL}</code>
                    {fate}
                </li>
            </ul>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_variable_is_kept_whatever_its_case() {
        let keys = |keys: &[&str]| Some(keys.iter().map(|key| (*key).to_owned()).collect());
        assert_eq!(counts(&keys(&["a", "Database_Url"])), Some((1, 1)));
        assert_eq!(counts(&keys(&["DATABASE_URLS"])), Some((2, 0)));
        assert_eq!(counts(&None), None);
    }
}
