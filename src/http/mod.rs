//! The pages that margintop serves: the agent's.
