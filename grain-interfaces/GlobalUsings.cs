#if ORLEANS
global using Orleans;
global using Orleans.Concurrency;
global using Orleans.Placement;
global using Orleans.Runtime;
#else
global using Mall.Runtime;
#endif
global using System.Collections.Immutable;
