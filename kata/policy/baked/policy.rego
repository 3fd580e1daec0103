# What Kata's agent admits in a guest of Kubefence: docs/reference/kata-policy.md. It lies at /etc/kata-opa/default-policy.rego in
# the guest image. Regorus 0.2.8 (Kata 3.28) to 0.9 and later evaluate it; no line may be longer than 1024 characters.
package agent_policy

import future.keywords.every
import future.keywords.if
import future.keywords.in

# baked: by `kubefence kata policy`

# What the pod's sandbox runs.
sandbox_commands := [
	["/usr/bin/pod"],
]

# Commands that may be sent into a container as they are, argument for argument.
exec_commands := [
	# Deployment web, container migrate, postStart: OUTSIDE THE SANDBOX
	["/bin/true"],
	# Deployment web, container app, livenessProbe
	["/nono/nono", "wrap", "--profile", "default", "--", "check", "--port=8080"],
	# Deployment web, container app, readinessProbe: OUTSIDE THE SANDBOX
	["cat", "/tmp/ready with \"quotes\" and ä"],
	# Deployment web, container app, preStop: OUTSIDE THE SANDBOX
	["sh", "-c", "sleep $(DELAY)"],
	# Pod once, container once, startupProbe: OUTSIDE THE SANDBOX
	[
		"/x",
		concat("", [
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		]),
	],
]

# What a command that is sent into a container has to begin with; empty admits none.
exec_prefix := ["/nono/nono", "wrap", "--profile", "debug", "--seccomp", "restricted", "--"]

# Texts of policies that may take this one's place before the first container.
admitted_policies := [
	# DIRECTORY/other.rego
	"package agent_policy\n\ndefault SetPolicyRequest := false\n",
]

# end of baked

# An error in a rule is a no.
default AllowRequestsFailingPolicy := false

default AddARPNeighborsRequest := true
default AddSwapRequest := true
default CloseStdinRequest := true
default DestroySandboxRequest := true
default GetDiagnosticDataRequest := true
default GetMetricsRequest := true
default GetOOMEventRequest := true
default GuestDetailsRequest := true
default ListInterfacesRequest := true
default ListRoutesRequest := true
default MemAgentCompactConfig := true
default MemAgentMemcgConfig := true
default MemHotplugByProbeRequest := true
default OnlineCPUMemRequest := true
default PauseContainerRequest := true
default PullImageRequest := true
default ReadContainerTerminationMessage := true
default ReadStreamRequest := true
default RemoveContainerRequest := true
default RemoveStaleVirtiofsShareMountsRequest := true
default ReseedRandomDevRequest := true
default ResumeContainerRequest := true
default SetGuestDateTimeRequest := true
default SignalProcessRequest := true
default StartContainerRequest := true
default StartTracingRequest := true
default StatsContainerRequest := true
default StopTracingRequest := true
default TtyWinResizeRequest := true
default UpdateContainerRequest := true
default UpdateEphemeralMountsRequest := true
default UpdateInterfaceRequest := true
default UpdateRoutesRequest := true
default WaitProcessRequest := true
default WriteStreamRequest := true

# Policy in parts would be a policy of somebody else.
default LoadPolicyFragmentRequest := false

# ---------------------------------------------------------------------------------------------------------------------------------
# The guest itself. A pod's annotations reach both members where Kata is configured to listen to them: hooks are programs that the
# agent runs outside every container, modules are code in the guest's kernel.

default CreateSandboxRequest := false

CreateSandboxRequest if {
	input.guest_hook_path == ""
	count(input.kernel_modules) == 0
}

# ---------------------------------------------------------------------------------------------------------------------------------
# Containers. What the pod's author controls in a request: arguments, environment, user, the destinations of volumes and whether they
# are read-only, what is in the image, and, through some container runtimes, annotations. So no annotation alone decides anything.

default CreateContainerRequest := false

# The pod's sandbox. It is what a guest is made for, so it is the first container of all, and there is no second one: a container
# whose image has a program /pause comes too late.
CreateContainerRequest := {"allowed": true, "ops": first_container} if {
	not data.pstate.started
	input.OCI.Process.Args in sandbox_commands
	input.OCI.Annotations["io.katacontainers.pkg.oci.container_type"] == "pod_sandbox"
	nothing_runs_beside
}

CreateContainerRequest := {"allowed": true, "ops": first_container} if {
	not data.pstate.started
	under_launcher
}

CreateContainerRequest := {"allowed": true, "ops": []} if {
	data.pstate.started
	under_launcher
}

# What the agent then keeps: https://github.com/kata-containers/kata-containers/blob/main/docs/how-to/how-to-use-the-kata-agent-policy.md
first_container := [{"op": "add", "path": "/pstate/started", "value": true}]

under_launcher if {
	starts_launcher(input.OCI.Process.Args)
	launcher_is_mounted
	nothing_runs_beside
}

# Hooks run in the guest before the container's first process; Kata's runtimes never send any. Shared mounts come after the start.
nothing_runs_beside if {
	object.get(input.OCI, "Hooks", null) == null
	count(object.get(input, "shared_mounts", [])) == 0
}

# The arguments that the plugin writes, and nothing else between them and the command. They are matched as one text a NUL between
# them, which no argument can have.
starts_launcher(args) if {
	every arg in args {
		not contains(arg, "\u0000")
	}
	regex.match(launcher_line, concat("\u0000", args))
}

launcher_line := concat("", [
	`^/nono/nono\x00wrap\x00--profile\x00[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}\x00`,
	`(--scope-signals\x00)?(--seccomp\x00[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}\x00)?`,
	`(--rw\x00/[^\x00]*\x00)*(--ro\x00/[^\x00]*\x00)*(--except\x00/[^\x00]*\x00)*--\x00`,
])

# The plugin's mount, and none other at, under or above /nono. A volume of the pod that lies there has the option rbind, which the
# container runtimes give to every volume and to nothing else; the pod's author cannot take it away.
launcher_is_mounted if {
	near := [mount | some mount in input.OCI.Mounts; near_launcher(mount.destination)]
	count(near) == 1
	near[0].destination == "/nono"
	near[0].type_ == "bind"
	count(near[0].options) == 3
	{option | some option in near[0].options} == {"bind", "ro", "rprivate"}
	in_shared_directory(near[0].source)
	not regex.match(container_root, near[0].source)
}

near_launcher(destination) if {
	components(destination) == []
}

near_launcher(destination) if {
	components(destination)[0] == "nono"
}

# Where such a path leads is not for a policy to find out.
near_launcher(destination) if {
	".." in components(destination)
}

components(path) := [component | some component in split(path, "/"); component != ""; component != "."]

# ---------------------------------------------------------------------------------------------------------------------------------
# Processes that are sent into a container: kubectl exec, exec probes, hooks of the container's life. Nothing puts the launcher in
# front of them in a guest.

default ExecProcessRequest := false

ExecProcessRequest if {
	some command in exec_commands
	input.process.Args == command
}

ExecProcessRequest if {
	count(exec_prefix) > 0
	array.slice(input.process.Args, 0, count(exec_prefix)) == exec_prefix
	count(input.process.Args) > count(exec_prefix)
}

# ---------------------------------------------------------------------------------------------------------------------------------
# Another policy: never once a container is there, and before that only one that was baked in, as a whole.

default SetPolicyRequest := false

SetPolicyRequest if {
	not data.pstate.started
	input.policy in admitted_policies
}

# ---------------------------------------------------------------------------------------------------------------------------------
# Files that the runtime copies into the guest where no file system is shared. Agents describe them in two ways: newer ones with
# file_type and symlink_target, older ones with the type among the bits of file_mode and the link's target as bytes.

default CopyFileRequest := false

CopyFileRequest if {
	copied_type in {"Regular", "Directory"}
	copied_to_volume
}

# What a link points to must stay in its volume, and the volumes' own directory has no links.
CopyFileRequest if {
	copied_type == "Symlink"
	copied_to_volume
	count(components(input.path)) > count(components(shared_directory)) + 1
	not link_leaves
}

copied_type := input.file_type

copied_type := {32768: "Regular", 16384: "Directory", 40960: "Symlink"}[bits.and(input.file_mode, 61440)] if {
	not input.file_type
}

copied_to_volume if {
	in_shared_directory(input.path)
	not regex.match(container_root, input.path)
}

# A container's root file system lies beside the volumes, under the container's bare id; volumes made in the guest lie in the sandbox's.
container_root := `^/run/kata-containers/shared/containers/(passthrough/)?[0-9a-f]{64}(/|$)`

link_leaves if {
	startswith(input.symlink_target, "/")
}

link_leaves if {
	climbs(input.symlink_target)
}

link_leaves if {
	not input.file_type
	input.data[0] == 47
}

# Two dots that are a whole component.
link_leaves if {
	not input.file_type
	some at, byte in input.data
	byte == 46
	input.data[at + 1] == 46
	begins_component(at)
	ends_component(at + 2)
}

link_leaves if {
	not known_target
}

known_target if {
	count(input.symlink_target) > 0
}

known_target if {
	not input.file_type
	count(input.data) > 0
}

begins_component(0) := true

begins_component(at) if {
	input.data[at - 1] == 47
}

ends_component(at) if {
	at == count(input.data)
}

ends_component(at) if {
	input.data[at] == 47
}

shared_directory := "/run/kata-containers/shared/containers/"

in_shared_directory(path) if {
	startswith(path, shared_directory)
	count(components(path)) > count(components(shared_directory))
	not climbs(path)
}

climbs(path) if {
	".." in components(path)
}
