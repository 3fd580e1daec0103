/** The node's name in the cluster. */
export const nodeName = "kubefence";
/** The node's address. The kubelet refuses a loopback one, and `kubectl exec` and `logs` need it. */
export const nodeAddress = "10.213.79.1";
/** Addresses of services; the first is the API server's, which pods reach without kube-proxy. */
export const serviceRange = "10.96.0.0/24";
export const apiServiceAddress = "10.96.0.1";
/** The API server's port: that of its service, as nothing translates it. */
export const apiPort = 443;
export const apiServer: string = `https://${nodeAddress}:${apiPort}`;
