global using Mall.Runtime;
