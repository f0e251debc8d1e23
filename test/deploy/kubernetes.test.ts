import { describe, expect, it } from "vitest";
import { readManifests, readOverlay, specOf } from "./manifests.ts";
import { parseSettings, readSettings } from "./settings.ts";

const examples = readManifests("postgres/secrets.example.yaml");
const secretNames = examples.map(({ metadata }) => metadata.name);

type Selector = { readonly matchLabels: Readonly<Record<string, string>> };
type Rule = { readonly from?: unknown; readonly ports: readonly { readonly port: string }[] };

describe.each(["postgres", "sqlite"])("the %s manifests", (name) => {
  const { manifests, workload, settings: text, configMapNames, images } = readOverlay(name);
  const { spec: pod, metadata } = workload.spec.template;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const [server] = pod.containers;
  const settings = parseSettings(text);
  const ports = new Map(server?.ports?.map((port) => [port.name, port.containerPort]));
  const seconds = (duration: { seconds: bigint } | undefined) => Number(duration?.seconds ?? 0n);

  it(`every selector of the ${name} manifests matches exactly the labels of their pods`, () => {
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

  it(`the ${name} manifests run one image, whose name the kustomization replaces`, () => {
    expect(new Set(containers.map(({ image }) => image))).toEqual(new Set(images.map((image) => image.name)));
    expect(images).toHaveLength(1);
  });

  it(`the ${name} manifests use the ports of the settings in the container, the probes and the service`, () => {
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

  it(`the ${name} manifests allow only the monitoring namespace to reach the admin port`, () => {
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

  it(`the ${name} manifests run the containers without privileges and with memory limits`, () => {
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

  it(`the ${name} manifests disable service links, whose variables the server would read as settings`, () => {
    // The service `mdps` would set MDPS_PORT=tcp://….
    expect(pod.enableServiceLinks).toBe(false);
    expect(
      manifests.filter(({ kind }) => kind === "Service").map((service) => service.metadata.name),
    ).toEqual(["mdps"]);
  });

  it(`the ${name} manifests give the server more time to stop than it needs`, () => {
    const { drainDelay, grace } = settings.lifecycle ?? {};
    expect(seconds(grace)).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      seconds(drainDelay) + seconds(grace) + 10,
    );
  });

  it(`the ${name} manifests mount every file and directory that the settings and the arguments name`, () => {
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

  it(`the ${name} manifests use only the secrets of the examples, readable by root and the group only`, () => {
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

describe("high availability of the postgres manifests", () => {
  const { manifests, workload, settings: text } = readOverlay("postgres");

  it("the postgres manifests replace pods without downtime, and allow draining of one pod at a time", () => {
    expect(workload.spec).toMatchObject({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } });
    expect(workload.spec.replicas).toBeGreaterThan(1);
    expect(specOf(manifests, "PodDisruptionBudget")).toMatchObject({ maxUnavailable: 1 });
    // Two failed probes, and the time until the cluster stops routing to the pod.
    expect(Number(parseSettings(text).lifecycle?.drainDelay?.seconds)).toBeGreaterThanOrEqual(10);
  });

  it("the postgres manifests link the same signing key and service accounts into every replica", () => {
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

  it("the postgres manifests take the store URL, which has a password, from a Secret only", () => {
    expect(parseSettings(text).storage?.store).toBeUndefined();
    const [server] = workload.spec.template.spec.containers;
    expect(server?.env).toMatchObject([{ name: "MDPS_STORE", valueFrom: { secretKeyRef: { key: "url" } } }]);
  });
});

describe("the single replica of the sqlite manifests", () => {
  it("the sqlite manifests never run two servers on one database file", () => {
    const { workload } = readOverlay("sqlite");
    expect(workload.kind).toBe("StatefulSet");
    expect(workload.spec.replicas).toBe(1);
    expect(workload.spec.volumeClaimTemplates?.[0]?.spec.accessModes).toEqual(["ReadWriteOncePod"]);
  });
});

describe.each(["deploy/systemd/mdps.yaml", "deploy/docker/mdps.yaml"])("%s", (path) => {
  it(`${path} has settings that the server accepts`, () => {
    expect(readSettings(path).admin?.listen).toMatch(/:9464$/);
  });
});

it("parseSettings rejects unknown settings and settings that are out of range", () => {
  expect(() => parseSettings("listen: {prot: 8080}")).toThrow(/prot/);
  expect(() => parseSettings("listen: {port: 80800}")).toThrow(/listen\.port/);
});
