/**
 * What a page needs whatever stands on it: it is drawn anew when what it shows has changed, its forms are sent, its menus,
 * dialogs and the palette open, its islands are hydrated.
 *
 * Everything here works on marks in the HTML (`data-…`), which the server writes; nothing here knows a service.
 */
import { listenToCopies } from "./copy.ts";
import { redrawEvery } from "./draw.ts";
import { listenToForms } from "./forms.ts";
import { hydrate } from "./islands.ts";
import { listenToEvents } from "./live.ts";
import { listenToMenus } from "./menus.ts";
import { listenToPalette } from "./palette.ts";
import { listenToThemes } from "./theme.ts";
import { keepTimesRelative } from "./times.ts";
import { showWhatWasLeft } from "./toast.ts";

listenToThemes();
listenToMenus();
listenToPalette();
listenToForms();
listenToCopies();
showWhatWasLeft();
keepTimesRelative();
// A page that the browser has kept may show what is long gone.
addEventListener("pageshow", (event) => event.persisted && location.reload());

const hydrated = hydrate();
// what needs no island doesn't wait for one
listenToEvents();
redrawEvery();
await hydrated;
document.body.dataset["hydrated"] = "1";
performance.mark("hydrated");
