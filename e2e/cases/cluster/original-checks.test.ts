import { testOriginalChecks } from "../../original-checks.ts";
import { pluginSelector } from "../../stack/cluster/under-test.ts";

// Through our chart, installed with the original's values (cluster-own/raw-manifests.test.ts: through the raw manifests).
testOriginalChecks(pluginSelector);
