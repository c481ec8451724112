// Drives the mall with @grpc/grpc-js, a client that shares no line with the server, and says what held:
//   node check.mjs <host:port of gRPC> <URL of REST> <folder of the .proto files>
// One line a scenario, "ok <name>" or "FAILED <name>: <why>"; the exit code is the number of failures.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [address, rest, protos] = process.argv.slice(2);
const includeDirs = [protos, new URL("proto", import.meta.url).pathname]; // The standard services' files are the client's own.
const loaderOptions = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true, includeDirs };

const load = (file) => grpc.loadPackageDefinition(protoLoader.loadSync(file, loaderOptions));
const connect = (Service, options) => new Service(address, grpc.credentials.createInsecure(), options);

const mall = Object.assign({}, ...["users", "products", "orders", "sagas"].map((f) => load(`mall/v1/${f}.proto`).mall.v1));
const users = connect(mall.Users);
const products = connect(mall.Products);
const orders = connect(mall.Orders);
const sagas = connect(mall.Sagas);
const health = connect(load("grpc/health/v1/health.proto").grpc.health.v1.Health);

function metadata(entries) {
  const result = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) result.set(key, value);
  return result;
}

// A unary call as a promise; an error carries code, details and metadata (the trailers), as grpc-js made it.
function call(client, method, request, entries = {}, options = { deadline: Date.now() + 20_000 }) {
  return new Promise((resolve, reject) =>
    client[method](request, metadata(entries), options, (error, response) => (error ? reject(error) : resolve(response))),
  );
}

async function refused(promise, code, mallCode) {
  const error = await promise.then(
    () => assert.fail(`succeeded instead of ${grpc.status[code]}`),
    (e) => e,
  );
  assert.equal(grpc.status[error.code], grpc.status[code], error.details);
  assert.deepEqual(error.metadata.get("mall-code"), mallCode ? [String(mallCode)] : []);
  return error;
}

const mobile = `4915${randomInt(1e9, 9e9)}`;
const password = "correct horse";
let authorization;
let product;
let order;

const scenarios = {
  "registers, signs in and sees itself": async () => {
    const user = await call(users, "Register", { mobile, password, name: "Grüße 你好", gender: "female" });
    const session = await call(users, "Login", { mobile, password });
    authorization = `Bearer ${session.access_token}`;
    assert.ok(session.refresh_after < session.access_expire);
    const me = await call(users, "Me", {}, { authorization });
    assert.deepEqual(me, user);
    assert.deepEqual([me.name, me.gender, me.mobile, me.points], ["Grüße 你好", "female", mobile, 10]);
  },

  "opens a shop, puts a product on sale, orders it and finds the order": async () => {
    const headers = { authorization, "content-type": "application/json" };
    const shop = await (await fetch(`${rest}v1/shops`, { method: "POST", headers, body: '{"name":"Tea"}' })).json();
    product = await call(products, "Create", { name: "Sencha", stock: 10, price: 1250, shop_id: shop.id }, { authorization });
    const placed = await call(orders, "Place", { items: [{ product_id: product.id, quantity: 2 }] }, { authorization });
    order = placed.order;
    assert.equal(placed.gid, order.gid);
    assert.deepEqual([order.amount, order.status, order.status_text], [2500, "ORDER_STATUS_CREATED", "created"]);
    assert.deepEqual(order.items, [{ product_id: product.id, name: "Sencha", quantity: 2, price: 1250 }]);
    assert.equal((await call(orders, "Get", { id: order.id }, { authorization })).gid, order.gid);
    const page = await call(orders, "List", { status: "ORDER_STATUS_CREATED", limit: 5 }, { authorization });
    assert.ok(page.items.some((item) => item.id === order.id));
    assert.equal((await call(products, "Get", { id: product.id })).stock, 8);
  },

  "changes a product: zero and empty are values, absent is not": async () => {
    const changed = await call(products, "Update", { id: product.id, price: 0, desc: "" }, { authorization });
    assert.deepEqual([changed.price, changed.desc, changed.name], [0, "", "Sencha"]);
    assert.equal((await call(products, "AdjustStock", { id: product.id, delta: 5 }, { authorization })).stock, 13);
  },

  "gives the same order for the same idempotency key": async () => {
    const entries = { authorization, "idempotency-key": `again-${mobile}` };
    const request = { items: [{ product_id: product.id, quantity: 1 }] };
    const first = await call(orders, "Place", request, entries);
    const second = await call(orders, "Place", request, entries);
    assert.equal(second.order.id, first.order.id);
    await refused(call(orders, "Place", { items: [{ product_id: product.id, quantity: 2 }] }, entries), grpc.status.ALREADY_EXISTS, 100007);
  },

  "does not wait for an order when told so": async () => {
    const submitted = await call(orders, "Place", { items: [{ product_id: product.id, quantity: 1 }], wait: false }, { authorization });
    assert.ok(submitted.gid);
    assert.equal(submitted.order, null);
  },

  "carries the mall's code in the trailers of an error": async () => {
    await refused(call(products, "Get", { id: 999_999_999 }), grpc.status.NOT_FOUND, 300001);
    await refused(call(orders, "Place", { items: [{ product_id: product.id, quantity: 900 }] }, { authorization }), grpc.status.ABORTED, 300002);
    await refused(call(users, "Login", { mobile, password: "wrong horse" }), grpc.status.UNAUTHENTICATED, 200003);
    await refused(call(users, "Me", {}), grpc.status.UNAUTHENTICATED, 100003);
    await refused(call(sagas, "List", {}, { authorization }), grpc.status.PERMISSION_DENIED, 100004);
    const bad = await refused(call(orders, "Place", { items: [{ product_id: 0, quantity: 0 }] }, { authorization }), grpc.status.INVALID_ARGUMENT, 100002);
    assert.match(bad.details, /items\[0\]\.productId .*items\[0\]\.quantity /);
    assert.match(bad.metadata.get("mall-trace-id")[0], /^[0-9a-f]{32}$/);
  },

  "keeps to a deadline": async () => {
    const error = await call(users, "Me", {}, { authorization }, { deadline: Date.now() - 1 }).catch((e) => e);
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok((await call(users, "Me", {}, { authorization }, { deadline: Date.now() + 10_000 })).id > 0);
  },

  "is healthy, and says so for each service": async () => {
    for (const service of ["", "mall.v1.Orders", "mall.v1.Users"])
      assert.equal((await call(health, "Check", { service })).status, "SERVING");
    await refused(call(health, "Check", { service: "no.Such" }), grpc.status.NOT_FOUND, 100002);
  },

  "streams its health until the client has had enough": async () => {
    const watch = health.Watch({ service: "" }, new grpc.Metadata());
    const first = await new Promise((resolve, reject) => watch.once("data", resolve).once("error", reject));
    assert.equal(first.status, "SERVING");
    const ended = new Promise((resolve) => watch.once("error", resolve));
    watch.cancel();
    assert.equal((await ended).code, grpc.status.CANCELLED);
    assert.equal((await call(health, "Check", {})).status, "SERVING");
  },

  "ends a stream at its deadline": async () => {
    const watch = health.Watch({ service: "" }, new grpc.Metadata(), { deadline: Date.now() + 300 });
    watch.on("data", () => {});
    const error = await new Promise((resolve) => watch.once("error", resolve));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  },

  "refuses a message that is too large": async () => {
    await refused(call(users, "Register", { mobile, password, name: "x".repeat(200_000) }), grpc.status.RESOURCE_EXHAUSTED, 100002);
  },

  "refuses compressed messages": async () => {
    const compressing = connect(mall.Products, { "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip });
    const error = await call(compressing, "Get", { id: product.id }).catch((e) => e);
    compressing.close();
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  "does not know methods that do not exist": async () => {
    const strange = new grpc.Client(address, grpc.credentials.createInsecure());
    const bytes = (value) => value;
    const error = await new Promise((resolve) =>
      strange.makeUnaryRequest("/mall.v1.Orders/Steal", bytes, bytes, Buffer.alloc(0), (e) => resolve(e)),
    );
    strange.close();
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  "serves many calls on one connection": async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => call(products, "Get", { id: product.id })));
    assert.ok(answers.every((answer) => answer.id === product.id));
  },
};

for (const version of ["v1", "v1alpha"]) {
  scenarios[`lists its services by reflection ${version}, enough for a client without .proto files`] = async () => {
    const reflection = connect(load(`grpc/reflection/${version}/reflection.proto`).grpc.reflection[version].ServerReflection);
    const stream = reflection.ServerReflectionInfo();
    const ask = (request) => new Promise((resolve, reject) => {
      stream.once("data", resolve).once("error", reject);
      stream.write(request);
    });
    const listed = (await ask({ list_services: "" })).list_services_response.service.map((service) => service.name);
    for (const name of ["mall.v1.Users", "mall.v1.Products", "mall.v1.Orders", "mall.v1.Payments", "mall.v1.Sagas", "grpc.health.v1.Health"])
      assert.ok(listed.includes(name), `${name} is not listed`);

    const files = (await ask({ file_containing_symbol: "mall.v1.Orders" })).file_descriptor_response.file_descriptor_proto;
    assert.equal((await ask({ file_by_filename: "no/such.proto" })).error_response.error_code, grpc.status.NOT_FOUND);
    stream.end();
    await new Promise((resolve, reject) => stream.once("end", resolve).once("error", reject).resume());

    // A FileDescriptorSet is its files, each as field 1: what the server sent makes a client that was never compiled.
    const length = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...length(n >>> 7)]);
    const set = Buffer.concat(files.flatMap((file) => [Buffer.from([10, ...length(file.length)]), file]));
    const found = grpc.loadPackageDefinition(protoLoader.loadFileDescriptorSetFromBuffer(set, loaderOptions)).mall.v1;
    const generic = connect(found.Orders);
    assert.equal((await call(generic, "Get", { id: order.id }, { authorization })).gid, order.gid);
    generic.close();
    reflection.close();
  };
}

let failures = 0;
for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    await scenario();
    console.log(`ok ${name}`);
  } catch (error) {
    failures++;
    console.log(`FAILED ${name}: ${String(error.stack ?? error).replaceAll("\n", " | ")}`);
  }
}
for (const client of [users, products, orders, sagas, health]) client.close();
process.exit(failures);
