import { cniRelease, type NodeDirectories, runcRelease } from "../directories.ts";
import { cniDirectory } from "../network.ts";
import { pauseImage, runcRoot } from "./configuration.ts";

/** A configuration version that containerd reads. */
export type ConfigurationVersion = 2 | 3 | 4;

/**
 * The main file of a node that has never seen Kubefence, as people write them: comments, tabs, both kinds of quotes. The handler
 * runc has an option that is not the default, so that a copy of it can be told from none.
 */
export function plainConfiguration(directories: NodeDirectories, version: ConfigurationVersion): string {
  const { run, lib, containerdSocket, nriSocket } = directories;
  const runtime = version === 2 ? `"io.containerd.grpc.v1.cri"` : `'io.containerd.cri.v1.runtime'`;
  const sandboxImage =
    version === 2
      ? `[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "${pauseImage}"\n`
      : `[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = '${pauseImage}'\n`;
  const sockets =
    version === 4
      ? `[plugins.'io.containerd.server.v1.grpc']\n\taddress = '${containerdSocket}'\n[plugins.'io.containerd.server.v1.ttrpc']\n\taddress = '${containerdSocket}.ttrpc'\n`
      : `[grpc]\n\taddress = "${containerdSocket}"\n[ttrpc]\n\taddress = "${containerdSocket}.ttrpc"\n`;
  const binDirectories =
    version === 2 ? `bin_dir = "${cniRelease().binaries}"` : `bin_dirs = [ '${cniRelease().binaries}' ]`;
  // Version 2 has the pause image in the same table.
  const runtimeKeys = `restrict_oom_score_adj = true # no CAP_SYS_RESOURCE here\n\tdisable_apparmor = true\n\tnetns_mounts_under_state_dir = true\n`;
  const tables =
    version === 2 ? `${sandboxImage}\t${runtimeKeys}` : `${sandboxImage}\n[plugins.${runtime}]\n\t${runtimeKeys}`;
  return `# The operators' own file.
version = ${version}
root = "${lib}" # images stay
state = '${run}/state'

${sockets}
${tables}
  [plugins.${runtime}.cni]
    ${binDirectories}
    conf_dir = '${cniDirectory(directories)}'

  # the default
  [plugins.${runtime}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
\t[plugins.${runtime}.containerd.runtimes.runc.options]
\t  BinaryName = "${runcRelease().binaries}/runc"
\t  Root = "${runcRoot(run)}"
\t  SystemdCgroup = false
\t  NoNewKeyring = true   # kept for the copy

[plugins."io.containerd.nri.v1.nri"]
  socket_path = "${nriSocket}"
  plugin_path = "${run}/nri/plugins"
  plugin_config_path = "${run}/nri/conf.d"
`;
}
