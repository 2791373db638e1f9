# For two architectures: docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION=v1.0.0 .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /out/crm . && \
    mkdir /out/data /out/backups

# Only the program, the certificate authorities for mail servers and MongoDB, and folders for the data and for backups.
FROM scratch
ARG VERSION=
LABEL org.opencontainers.image.title="crm" \
      org.opencontainers.image.description="A CRM backend: one program that serves one GraphQL API" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/crm /crm
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/backups /backups
USER 65532:65532
ENV DATA_DIR=/data PORT=8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=40s CMD ["/crm", "health"]
ENTRYPOINT ["/crm"]
