//! One file per engine, proxy or gateway, with everything that is specific to it.

use super::definition::Dialect;

/// Declares the modules of engines and lists their dialects in this order.
macro_rules! engines {
    ($($(#[$attribute:meta])* mod $engine:ident;)*) => {
        $($(#[$attribute])* mod $engine;)*

        /// Every engine, proxy and gateway whose page is understood.
        pub(super) const ALL: &[&Dialect] = &[$($(#[$attribute])* &$engine::DIALECT,)*];
    };
}

// Where two of them have a series name in common, the first one reads it.
engines! {
    mod vllm;
    mod sglang;
    mod trtllm;
    mod llamacpp;
    mod tgi;
    mod lmdeploy;
    mod dynamo;
    mod ray;
    mod litellm;
    mod gateway;
    mod triton;
    mod nim;
    mod margintop;
    #[cfg(test)]
    mod made_up;
}
