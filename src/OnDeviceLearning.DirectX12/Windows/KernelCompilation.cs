using ComputeSharp;

// ComputeSharp's default makes every warning of the shader compiler an error, those of loop variables with the same name
// included. Aliasing is said out loud: a block is bound to several bindings of a kernel.
[assembly: CompileOptions(CompileOptions.OptimizationLevel3 | CompileOptions.ResourcesMayAlias)]
