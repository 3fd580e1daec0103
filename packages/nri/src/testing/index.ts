/** @kubefence/nri/testing: what plugin authors need to test a plugin without a runtime. */
export { ConnectedPlugin, type FakeRuntimeSettings } from "./connected-plugin.ts";
export { FakeRuntime, type FakeRuntimeOptions } from "./fake-runtime.ts";
export { container, podSandbox } from "./views.ts";
