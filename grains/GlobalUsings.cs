#if ORLEANS
global using Orleans;
global using Orleans.Concurrency;
global using Orleans.Placement;
global using Orleans.Runtime;
#else
global using Mall.Runtime;
#endif
global using System.Collections.Immutable;
global using Mall.Ledger;
global using Mall.Orders;
global using Mall.Products;
global using Mall.Sagas;
global using Mall.Shops;
global using Mall.Storage;
global using Mall.Users;
global using Microsoft.Extensions.Logging;
