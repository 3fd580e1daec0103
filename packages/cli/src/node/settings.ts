/** What an operator, or the chart, may choose about a node's set-up. */

/** Settings of NRI that are undefined stay as the node has them. */
export interface NriSettings {
  readonly socketPath?: string | undefined;
  readonly pluginPath?: string | undefined;
  readonly configPath?: string | undefined;
}

export interface NodeSettings {
  /** Path of nono-runc on the node. */
  readonly program: string;
  readonly nri: NriSettings;
  /** Containers of every handler are refused while the plugin is away, unless their pod tolerates it. */
  readonly requirePlugin: boolean;
}

/** The runtime handler, as the RuntimeClass names it. */
export const handlerName = "nono-runc";

/** Name that the plugin registers under. */
export const pluginName = "nono-nri";

/** Annotation with which a pod starts while a required plugin is away. Its value is "true". */
export const tolerationAnnotation = "nono.sh/tolerate-missing-plugin";

/** Annotations of a pod that nono-runc has to see. */
export const passedAnnotations = "nono.sh/*";

/** First words of every configuration file that is ours as a whole. */
export const ownMark = "# Written by kubefence node";

/** First words of those of nono-runc's handler. */
export const dropInMark: string = `${ownMark} install`;

/** Name of our drop-in, without the folder. */
export const dropInName = "kubefence.toml";
