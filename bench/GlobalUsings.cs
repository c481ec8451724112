#if ORLEANS
global using Orleans;
global using Orleans.Hosting;
global using Orleans.Runtime;
#else
global using Mall.Runtime;
#endif
global using System.Collections.Immutable;
