# syntax=docker/dockerfile:1
#
# The server as an image: docs/operations.md says how to run it. Whoever publishes one gives the digest of the base as
# well, which no tag can move: --build-arg NODE_IMAGE=node:24.21.0-trixie-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-trixie-slim

# The npm package, as `npm run build` makes it. It is JavaScript, so one machine builds it for all platforms.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run -s prepare && npm run -s build

# What it needs at run time: every dependency and the drivers of all engines, in the versions of the lock file.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json scripts/production-manifest.ts ./
RUN node production-manifest.ts && npm ci --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mdps" \
      org.opencontainers.image.description="Server and command line of Google's Mobile Data Plan Sharing API" \
      org.opencontainers.image.source="https://github.com/mobile-data-plan-sharing/mobile-data-plan-sharing" \
      org.opencontainers.image.documentation="https://github.com/mobile-data-plan-sharing/mobile-data-plan-sharing/blob/main/docs/operations.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The only directory that is written to. A new volume takes over its owner.
RUN install --directory --owner 65532 --group 65532 --mode 0700 /var/lib/mdps
COPY --from=dependencies /dependencies/node_modules /opt/mdps/node_modules
COPY --from=build /build/dist /opt/mdps
# Settings are in a file and not in the environment, which would win over a file of the operator's.
COPY deploy/docker/mdps.yaml /etc/mdps/
# Where every command looks for data unless told otherwise: in /var/lib/mdps.
ENV NODE_ENV=production \
    XDG_DATA_HOME=/var/lib
# A number, for Kubernetes cannot tell from a name that it is not root.
USER 65532:65532
WORKDIR /var/lib/mdps
VOLUME /var/lib/mdps
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no init between: the program handles its signals as process 1, and waits for the workers that it starts.
ENTRYPOINT ["node", "--max-semi-space-size=32", "/opt/mdps/src/cli/main.js"]
CMD ["serve", "--config", "/etc/mdps/mdps.yaml"]
