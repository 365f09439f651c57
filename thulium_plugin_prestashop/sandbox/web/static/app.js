// Every page works without scripts; these make it quicker. Each module looks for its own data attributes.

import { startAuthentication } from "./authenticate.js";
import { startCopying } from "./copying.js";
import { startForms } from "./forms.js";
import { startRows } from "./rows.js";
import { startRuns } from "./runs.js";
import { startSuggestions } from "./suggestions.js";
import { startTabs } from "./tabs.js";

startTabs(document);
startForms(document);
startRows(document);
startCopying(document);
startSuggestions(document);
startRuns(document);
startAuthentication(document);
