#if ORLEANS
global using Orleans;
global using Orleans.Runtime;
#else
global using Mall.Runtime;
#endif
global using System.Collections.Immutable;
global using Mall.Api.Auth;
global using Mall.Api.Errors;
global using Mall.Api.Rest;
global using Mall.Api.Validation;
global using Microsoft.AspNetCore.Builder;
global using Microsoft.AspNetCore.Http;
global using Microsoft.AspNetCore.Routing;
global using Microsoft.Extensions.DependencyInjection;
global using Microsoft.Extensions.Logging;
