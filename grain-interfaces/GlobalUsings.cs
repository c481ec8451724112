global using System.Collections.Immutable;
global using Mall.Lists;
global using Mall.Sagas;
global using Orleans;
global using Orleans.Concurrency;
global using Orleans.Placement;
global using Orleans.Runtime;
