//! Where engines and exporters listen unless they are told otherwise.

/// The usual ports, each with whose it is.
pub const PORTS: &[u16] = &[
    8000, 8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8010, 8011, 8012, 8013, 8014,
    8015,  // vLLM, TensorRT-LLM, NIM, Dynamo and their further instances; 8002 is Triton's metrics
    30000, // SGLang
    8080,  // llama.cpp, TGI, Ray
    8081,  // Dynamo's workers
    3000,  // TGI
    23333, // LMDeploy
    4000,  // LiteLLM
    29000, // SGLang's gateway
    9400,  // dcgm-exporter
    9835,  // nvidia_gpu_exporter
];
