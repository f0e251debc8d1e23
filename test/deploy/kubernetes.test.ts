import { describe, expect, it } from "vitest";
import { readManifests, readOverlay, specOf } from "./manifests.ts";
import { parseSettings, readSettings } from "./settings.ts";

const examples = readManifests("postgres/secrets.example.yaml");
const secretNames = examples.map(({ metadata }) => metadata.name);

type Selector = { readonly matchLabels: Readonly<Record<string, string>> };
type Rule = { readonly from?: unknown; readonly ports: readonly { readonly port: string }[] };

describe.each(["postgres", "sqlite"])("the manifests of %s", (name) => {
  const { manifests, workload, settings: text, configMapNames, images } = readOverlay(name);
  const { spec: pod, metadata } = workload.spec.template;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const [server] = pod.containers;
  const settings = parseSettings(text);
  const ports = new Map(server?.ports?.map((port) => [port.name, port.containerPort]));
  const seconds = (duration: { seconds: bigint } | undefined) => Number(duration?.seconds ?? 0n);

  it("select the pods that they make, and no others", () => {
    const { labels } = metadata;
    const selectors = [
      workload.spec.selector.matchLabels,
      specOf(manifests, "Service").selector,
      (specOf(manifests, "NetworkPolicy").podSelector as Selector).matchLabels,
      ...(pod.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector.matchLabels),
      ...manifests
        .filter(({ kind }) => kind === "PodDisruptionBudget")
        .map(({ spec }) => (spec.selector as Selector).matchLabels),
    ];
    for (const selector of selectors) {
      expect(selector).toEqual(labels);
    }
  });

  it("run one image, whose name the kustomization replaces", () => {
    expect(new Set(containers.map(({ image }) => image))).toEqual(new Set(images.map((image) => image.name)));
    expect(images).toHaveLength(1);
  });

  it("have the ports of the settings, and probes, service and policy name those", () => {
    expect(ports.get("api")).toBe(settings.listen?.port);
    expect(settings.admin?.listen).toBe(`0.0.0.0:${ports.get("admin")}`);
    expect(settings.listen?.host).toBe("0.0.0.0");
    expect(metadata.annotations["prometheus.io/port"]).toBe(String(ports.get("admin")));
    for (const probe of [server?.startupProbe, server?.livenessProbe, server?.readinessProbe]) {
      expect(probe?.httpGet.port).toBe("admin");
    }
    expect(server?.livenessProbe?.httpGet.path).toBe("/livez");
    expect(server?.readinessProbe?.httpGet.path).toBe("/readyz");
    expect(specOf(manifests, "Service").ports).toMatchObject([{ targetPort: "api", appProtocol: "https" }]);
  });

  it("let nobody but what collects metrics reach the admin port", () => {
    const rules = specOf(manifests, "NetworkPolicy").ingress as readonly Rule[];
    const admin = rules.filter((rule) => rule.ports.some(({ port }) => port === "admin"));
    expect(admin).toMatchObject([
      { from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }] },
    ]);
    for (const rule of rules) {
      for (const { port } of rule.ports) {
        expect(ports.has(port)).toBe(true);
      }
    }
  });

  it("give the program no more than it needs", () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { securityContext, resources } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(Object.keys(resources.requests)).toEqual(["cpu", "memory"]);
      expect(resources.limits.memory).toMatch(/^\d+[MG]i$/);
    }
  });

  it("set no variable that Kubernetes makes and the server would take for a setting", () => {
    // The service `mdps` would be MDPS_PORT=tcp://….
    expect(pod.enableServiceLinks).toBe(false);
    expect(
      manifests.filter(({ kind }) => kind === "Service").map((service) => service.metadata.name),
    ).toEqual(["mdps"]);
  });

  it("wait longer than the server takes to stop", () => {
    const { drainDelay, grace } = settings.lifecycle ?? {};
    expect(seconds(grace)).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      seconds(drainDelay) + seconds(grace) + 10,
    );
  });

  it("mount what the settings and the arguments name, where it can be read", () => {
    const volumes = new Set([
      ...pod.volumes.map((volume) => volume.name),
      ...(workload.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
    ]);
    const mounts = new Map(server?.volumeMounts.map((mount) => [mount.mountPath, mount.name]));
    for (const container of containers) {
      for (const mount of container.volumeMounts) {
        expect(volumes).toContain(mount.name);
      }
    }
    const folderOf = (path = "") => path.slice(0, path.lastIndexOf("/"));
    for (const file of [settings.listen?.tlsCert, settings.listen?.tlsKey, server?.args?.at(-1)]) {
      expect(mounts.has(folderOf(file)), file).toBe(true);
    }
    const isMounted = [...mounts.keys()].some((path) => `${settings.storage?.data}/`.startsWith(`${path}/`));
    expect(isMounted).toBe(true);
    expect(pod.volumes.flatMap(({ configMap }) => (configMap ? [configMap.name] : []))).toEqual(
      configMapNames,
    );
  });

  it("take secrets that the examples show, and keep them from everybody but root and the group", () => {
    const secrets = pod.volumes.flatMap(({ secret }) => (secret ? [secret] : []));
    const named = containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef.name] : [])),
    );
    expect(secrets.length).toBeGreaterThan(0);
    for (const used of [...named, ...secrets.map(({ secretName }) => secretName)]) {
      expect(secretNames).toContain(used);
    }
    expect(secrets.filter(({ defaultMode }) => defaultMode !== 0o440)).toEqual([]);
  });
});

describe("the manifests of postgres", () => {
  const { manifests, workload, settings: text } = readOverlay("postgres");

  it("replace pods without a gap, and leave all but one when nodes are emptied", () => {
    expect(workload.spec).toMatchObject({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } });
    expect(workload.spec.replicas).toBeGreaterThan(1);
    expect(specOf(manifests, "PodDisruptionBudget")).toMatchObject({ maxUnavailable: 1 });
    // Two failed probes and the way of the news through the cluster.
    expect(Number(parseSettings(text).lifecycle?.drainDelay?.seconds)).toBeGreaterThanOrEqual(10);
  });

  it("give every replica the same signing key and service accounts, by links that follow the Secret", () => {
    const [installation] = workload.spec.template.spec.initContainers ?? [];
    const example = examples.find(({ metadata }) => metadata.name === "mdps-installation") as
      | { stringData: object }
      | undefined;
    const files = Object.keys(example?.stringData ?? {});
    expect(files).toEqual(["signing-key.json", "service-accounts.json"]);
    expect(installation).toMatchObject({
      command: [
        ...["ln", "--symbolic", "--force"],
        ...files.map((file) => `/etc/mdps/installation/${file}`),
        `${parseSettings(text).storage?.data}/`,
      ],
    });
  });

  it("have the URL of the store, with its password, in a Secret alone", () => {
    expect(parseSettings(text).storage?.store).toBeUndefined();
    const [server] = workload.spec.template.spec.containers;
    expect(server?.env).toMatchObject([{ name: "MDPS_STORE", valueFrom: { secretKeyRef: { key: "url" } } }]);
  });
});

describe("the manifests of sqlite", () => {
  it("never run two servers over one file", () => {
    const { workload } = readOverlay("sqlite");
    expect(workload.kind).toBe("StatefulSet");
    expect(workload.spec.replicas).toBe(1);
    expect(workload.spec.volumeClaimTemplates?.[0]?.spec.accessModes).toEqual(["ReadWriteOncePod"]);
  });
});

describe.each(["deploy/systemd/mdps.yaml", "deploy/docker/mdps.yaml"])("%s", (path) => {
  it("has settings that the server takes", () => {
    expect(readSettings(path).admin?.listen).toMatch(/:9464$/);
  });
});

it("a setting that the server does not know is found", () => {
  expect(() => parseSettings("listen: {prot: 8080}")).toThrow(/prot/);
  expect(() => parseSettings("listen: {port: 80800}")).toThrow(/listen\.port/);
});
