global using Orleans;
global using Orleans.CodeGeneration;
global using Orleans.Runtime;
global using Orleans.Serialization.Invocation;
