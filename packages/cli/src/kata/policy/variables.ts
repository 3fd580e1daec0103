/**
 * `$(NAME)` in a probe's command, as the kubelet puts values in: only the container's own `env`, whose entries with `valueFrom` count as
 * empty; `$$` is one dollar; what is not known stays as it is.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/prober/prober.go (ExpandContainerCommandOnlyStatic)
 */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (values.get(name) ?? whole),
  );
}
