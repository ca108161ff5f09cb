# Fairlead in a container. It serves the host, so it runs in the host's network:
#   docker run -d --name fairlead --network host --restart unless-stopped \
#     --pid host --cap-add NET_ADMIN --cap-add NET_BIND_SERVICE --cap-add SYS_ADMIN \
#     -v /var/run:/var/run -v /var/lib/docker/containers:/var/lib/docker/containers \
#     -v fairlead:/var/lib/fairlead -v /etc/resolv.conf:/etc/resolv.conf:ro \
#     fairlead run --adopt all
# Without the host's resolv.conf, Docker writes one of its own: where daemon.json has Fairlead as `dns`, that names Fairlead
# alone, which then has no server to forward to.
# The directory of the engine's socket is mounted and not the socket: an engine that restarts makes a new file.
FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tools ./tools
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends conntrack iproute2 iptables nftables \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
# `docker exec fairlead fairlead status`
RUN ln -s /app/dist/main.js /usr/local/bin/fairlead
LABEL org.opencontainers.image.title="fairlead" \
  org.opencontainers.image.description="Service discovery, DNS and load balancing for plain Docker hosts" \
  org.opencontainers.image.licenses="Apache-2.0"
# Docker gives --cap-add to root alone, and the files and sockets that Fairlead works with belong to the host's root. The daemon
# gives up the rights that it does not need (SECURITY.md, which also says how to run it as another user).
USER root
EXPOSE 53/udp 53/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=2s --start-period=15s CMD ["fairlead", "status"]
ENTRYPOINT ["fairlead"]
CMD ["run"]
