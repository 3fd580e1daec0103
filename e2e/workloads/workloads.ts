import type { ContainerSpec, PodSpec } from "../stack/kubelet/pod-spec.ts";
import { postgresPrograms } from "./image.ts";

/** Something that is asked of a running workload, from inside its network namespace. */
export interface Request {
  /** What works when it is answered: "it answers", "it saves". */
  works: string;
  command: string[];
  /** Standard output holds this. */
  answer: string;
}

/** A program as people run it, with how one sees that it does its work. */
export interface Workload {
  program: string;
  /** How it is set up. */
  setup: string;
  /** User of Debian's package whose uid it runs as; root when absent. */
  user?: string;
  container: Pick<ContainerSpec, "command" | "workingDir" | "volumeMounts">;
  pod?: Pick<PodSpec, "volumes" | "automountServiceAccountToken">;
  /** Asked in this order; the first until it is answered. */
  requests: [Request, ...Request[]];
  /** What to do where it does not work. */
  advice: string;
}

const python = (script: string): string[] => ["python3", "-c", script];
const get = (port: number): string[] =>
  python(`import urllib.request as r; print(r.urlopen("http://127.0.0.1:${port}/", timeout=5).read().decode())`);
const post = (path: string): string[] =>
  python(
    `import urllib.request as r; print(r.urlopen("http://127.0.0.1:8000${path}", data=b"x", timeout=5).read().decode())`,
  );
const redis = (...words: string[]): string[] => ["redis-cli", ...words];
const query = (statement: string, socket: string): string[] => [
  "psql",
  `--host=${socket}`,
  "--username=postgres",
  "--no-psqlrc",
  "--tuples-only",
  `--command=${statement}`,
  "postgres",
];

const redisRequests: Workload["requests"] = [
  { works: "it answers", command: redis("ping"), answer: "PONG" },
  { works: "it saves its data", command: redis("save"), answer: "OK" },
];
const postgresRequests = (socket: string): Workload["requests"] => [
  { works: "it answers", command: query("select 6 * 7", socket), answer: "42" },
  { works: "it stores a table", command: query("create table t as select 1", socket), answer: "SELECT 1" },
];
/** A pod's emptyDir volumes by where they are mounted. */
function emptyDirs(
  ...mountPaths: string[]
): Required<Pick<Workload, "pod">> & Required<Pick<ContainerSpec, "volumeMounts">> {
  const named = mountPaths.map((mountPath) => ({ name: mountPath.slice(1).replaceAll("/", "-"), mountPath }));
  return { pod: { volumes: named.map(({ name }) => ({ name, kind: "emptyDir" })) }, volumeMounts: named };
}

const nginxVolumes = emptyDirs("/var/lib/nginx", "/var/log/nginx", "/run");
const redisVolume = emptyDirs("/data");
const redisLogVolume = emptyDirs("/var/log/redis");
const postgresVolumes = emptyDirs("/var/lib/postgresql/data", "/var/run/postgresql");
const postgresSocketVolume = emptyDirs("/var/run/postgresql");

const nginxConfiguration = `
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen 8080;
    root /var/www/html;
    index index.nginx-debian.html;
  }
}
`;

const nodeApplication = 'require("node:http").createServer((_, answer) => answer.end("served by node")).listen(8000)';

/** Every workload, from as its package sets it up to as a profile wants it. */
export const workloads: Workload[] = [
  {
    program: "nginx",
    setup: "as packaged",
    container: { command: ["nginx", "-g", "daemon off;"] },
    requests: [{ works: "it answers", command: get(80), answer: "Welcome to nginx" }],
    advice:
      "It keeps temporary files below /var/lib/nginx, logs in /var/log/nginx and its pid in /run. Either volumes there and `workspace`, or temporary files in /tmp and `default`: both below.",
  },
  {
    program: "nginx",
    setup: "as packaged, emptyDir on /var/lib/nginx, /var/log/nginx and /run",
    container: { command: ["nginx", "-g", "daemon off;"], volumeMounts: nginxVolumes.volumeMounts },
    pod: nginxVolumes.pod,
    requests: [{ works: "it answers", command: get(80), answer: "Welcome to nginx" }],
    advice:
      "A volume on /run does not help while the service-account token is mounted: /run/secrets lies in it and is never granted, so /run is granted entry by entry and nothing can be made directly in it. Switch the token off, as below, or put the pid file elsewhere.",
  },
  {
    program: "nginx",
    setup: "the same, and `automountServiceAccountToken: false`",
    container: { command: ["nginx", "-g", "daemon off;"], volumeMounts: nginxVolumes.volumeMounts },
    pod: { ...nginxVolumes.pod, automountServiceAccountToken: false },
    requests: [{ works: "it answers", command: get(80), answer: "Welcome to nginx" }],
    advice: "Volumes are written under `workspace` only.",
  },
  {
    program: "nginx",
    setup: "as www-data, its configuration from a ConfigMap, temporary files in /tmp",
    user: "www-data",
    container: {
      command: ["nginx", "-e", "stderr", "-c", "/configuration/nginx.conf", "-g", "daemon off;"],
      volumeMounts: [{ name: "configuration", mountPath: "/configuration", readOnly: true }],
    },
    pod: { volumes: [{ name: "configuration", kind: "configMap", files: { "nginx.conf": nginxConfiguration } }] },
    requests: [{ works: "it answers", command: get(8080), answer: "Welcome to nginx" }],
    advice: "`strict` reads no ConfigMap and has no place for nginx's temporary files: use `default`.",
  },
  {
    program: "redis",
    setup: "as packaged, as redis",
    user: "redis",
    container: { command: ["redis-server", "/etc/redis/redis.conf", "--daemonize", "no"] },
    requests: redisRequests,
    advice:
      "The log in /var/log/redis and the data in /var/lib/redis are not writable. Log to standard output (redis without a configuration file does) and keep the data as below.",
  },
  {
    program: "redis",
    setup: "as packaged, as redis, working directory /var/lib/redis, emptyDir on /var/log/redis",
    user: "redis",
    container: {
      command: ["redis-server", "/etc/redis/redis.conf", "--daemonize", "no"],
      workingDir: "/var/lib/redis",
      volumeMounts: redisLogVolume.volumeMounts,
    },
    pod: redisLogVolume.pod,
    requests: redisRequests,
    advice:
      "`workspace` makes the working directory writable, so `workingDir` may name the data directory of the image. Data that is to survive belongs on a volume.",
  },
  {
    program: "redis",
    setup: "without a configuration file, its data in /tmp",
    user: "redis",
    container: { command: ["redis-server", "--dir", "/tmp"] },
    requests: redisRequests,
    advice: 'For a cache. Under `strict` it runs with `--save ""`, as a cache that is never saved.',
  },
  {
    program: "redis",
    setup: "without a configuration file, its data on an emptyDir",
    user: "redis",
    container: { command: ["redis-server", "--dir", "/data"], volumeMounts: redisVolume.volumeMounts },
    pod: redisVolume.pod,
    requests: redisRequests,
    advice:
      "Volumes are written under `workspace` only. It starts and answers all the same under the others, and says only in its log that nothing is saved.",
  },
  {
    program: "postgres",
    setup: "as packaged, as postgres, emptyDir on /var/run/postgresql",
    user: "postgres",
    container: {
      command: [`${postgresPrograms}/postgres`, "-D", "/etc/postgresql/15/main"],
      volumeMounts: postgresSocketVolume.volumeMounts,
    },
    pod: postgresSocketVolume.pod,
    requests: postgresRequests("/var/run/postgresql"),
    advice:
      "The cluster lies in the image, below /var/lib/postgresql. Use a volume and `workspace`, as in the last set-up. Without a volume on /var/run/postgresql it starts nowhere: Debian makes that directory when it boots.",
  },
  {
    program: "postgres",
    setup: "the same, working directory /var/lib/postgresql/15/main",
    user: "postgres",
    container: {
      command: [`${postgresPrograms}/postgres`, "-D", "/etc/postgresql/15/main"],
      workingDir: "/var/lib/postgresql/15/main",
      volumeMounts: postgresSocketVolume.volumeMounts,
    },
    pod: postgresSocketVolume.pod,
    requests: postgresRequests("/var/run/postgresql"),
    advice:
      "Debian's package switches TLS on with the machine's key in /etc/ssl/private, which no built-in profile grants. Mount a key of the pod's own from a Secret and name it in `ssl_key_file`, or switch TLS off.",
  },
  {
    program: "postgres",
    setup: "the same, and ssl off",
    user: "postgres",
    container: {
      command: [`${postgresPrograms}/postgres`, "-D", "/etc/postgresql/15/main", "-c", "ssl=off"],
      workingDir: "/var/lib/postgresql/15/main",
      volumeMounts: postgresSocketVolume.volumeMounts,
    },
    pod: postgresSocketVolume.pod,
    requests: postgresRequests("/var/run/postgresql"),
    advice:
      "`workspace` makes the working directory writable, so the cluster of the image can be used. Data that is to survive belongs on a volume.",
  },
  {
    program: "postgres",
    setup: "a new cluster on an emptyDir, another emptyDir on /var/run/postgresql, as postgres",
    user: "postgres",
    container: {
      command: [
        "sh",
        "-c",
        `${postgresPrograms}/initdb --no-sync --auth=trust -D "$0" >&2 && exec ${postgresPrograms}/postgres -D "$0"`,
        "/var/lib/postgresql/data/cluster",
      ],
      volumeMounts: postgresVolumes.volumeMounts,
    },
    pod: postgresVolumes.pod,
    requests: postgresRequests("/var/run/postgresql"),
    advice: "The usual set-up of a database image: use `workspace`.",
  },
  {
    program: "python",
    setup: "`python3 -m http.server`, working directory /srv",
    container: { command: ["python3", "-m", "http.server", "8000"], workingDir: "/srv" },
    requests: [{ works: "it answers", command: get(8000), answer: "served by python" }],
    advice: "Works everywhere. `strict` reads what it serves because that is the working directory.",
  },
  {
    program: "node",
    setup: "an application in /app that keeps uploads beside itself, working directory /app",
    container: { command: ["node", "server.js"], workingDir: "/app" },
    requests: [
      { works: "it answers", command: get(8000), answer: "served by node" },
      { works: "it writes to /tmp", command: post("/scratch"), answer: "kept" },
      { works: "it keeps uploads", command: post("/keep"), answer: "kept" },
    ],
    advice:
      "Use `workspace` for an application that writes beside itself; `default` for one that writes temporary files only; `strict` for one that writes nothing.",
  },
  {
    program: "node",
    setup: "an application from a ConfigMap",
    container: {
      command: ["node", "/application/server.js"],
      volumeMounts: [{ name: "application", mountPath: "/application", readOnly: true }],
    },
    pod: { volumes: [{ name: "application", kind: "configMap", files: { "server.js": nodeApplication } }] },
    requests: [{ works: "it answers", command: get(8000), answer: "served by node" }],
    advice: "`strict` reads no ConfigMap: put the application into the image.",
  },
];
