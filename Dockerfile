# One image for every role: MALL_ROLES says which. Built from the source tree, run without root and without a shell's help.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish silo/Mall.Silo.csproj -c Release -o /mall

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /mall /mall

# Where the embedded database would be, data/mall.db below it, for whoever runs the image alone.
WORKDIR /var/lib/mall
RUN mkdir data && chown "$APP_UID" data
USER $APP_UID
VOLUME /var/lib/mall/data

ENV MALL_HTTP=*:8080 MALL_GRPC=*:8081
EXPOSE 8080 8081

# The image has no HTTP client, but bash can speak enough of it.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: mall\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["dotnet", "/mall/Mall.Silo.dll"]
