
using OnDeviceLearning.Pretraining.Sigils; using System.Diagnostics;
namespace OnDeviceLearning.PretrainingTests;
public sealed class ZTemp(Xunit.Abstractions.ITestOutputHelper log) : TorchTests {
 [Fact] public void T() {
  string d = Directory.CreateTempSubdirectory().FullName;
  foreach (var (u,p) in new[]{(0,0),(0,0),(0,1),(0,2),(0,4)}) {
   var sw=Stopwatch.StartNew(); Exception? ex=null;
   try { SigilsRecipe.Run(new SigilsRecipeOptions(d+"/o.safetensors",3,0.001,1,d+"/c"), new SigilsRecipeSizes(8,250,1500,4,1,Math.Min(p,1),p), new Progress<TrainingProgress>(), default);} catch(Exception e){ex=e;}
   log.WriteLine($"u{u} p{p}: {sw.Elapsed.TotalSeconds:F1} {ex?.Message}");
  }
 }}
