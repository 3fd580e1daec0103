/** The optional admission policies. */
import { z } from "zod";
import { kubernetesObject, section, type Section } from "./section.ts";

export const admissionPolicy: Section = section(
  "ValidatingAdmissionPolicies for the namespaces that are to be sandboxed (Kubernetes 1.30). docs/reference/admission.md has the rules and what they cannot see.",
  {
    enabled: z.boolean().default(false).describe("Create them."),
    namespaces: z.array(z.string()).default([]).describe("Names of namespaces that they hold for."),
    namespaceSelector: kubernetesObject()
      .default({})
      .describe(
        "Label selector of namespaces, for example `{matchLabels: {kubefence.io/sandbox: required}}`. Exclusive with `namespaces`.",
      ),
    hostPathPrefixes: z
      .array(z.string().regex(/^\/.*[^/]$/, "must be an absolute path other than /, without a slash at the end"))
      .default([])
      .describe(
        "Directories below which hostPath volumes may lie; none by default. Never list `/`, a socket's parent, the kubelet's directory or ours: each is a way out.",
      ),
    validationActions: z
      .array(z.enum(["Deny", "Warn", "Audit"]))
      .min(1)
      .default(["Deny"])
      .describe("What a violation does."),
  },
);
