//! Kata's agent, as far as it asks its policy: the same engine, the same settings, the same treatment of answers.
//! After `AgentPolicy` in Kata's `src/agent/policy/src/policy.rs`; described, not copied.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

/// The engine of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regorus {
    /// 0.2.8, of Kata 3.28.
    V0_2,
    /// 0.9.1, of later ones.
    V0_9,
}

/// All of them.
pub const ENGINES: [Regorus; 2] = [Regorus::V0_2, Regorus::V0_9];

/// Why a policy is not loaded, or a request is not answered: the agent then refuses it too.
#[derive(Clone, Debug)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

enum Engine {
    V0_2(Box<regorus_0_2::Engine>),
    V0_9(Box<regorus_0_9::Engine>),
}

/// An agent with a policy and what the policy has it remember.
pub struct Agent {
    version: Regorus,
    engine: Engine,
}

/// A rule's value where it is more than yes or no.
#[derive(Deserialize)]
struct Response {
    allowed: bool,
    ops: Option<json_patch::Patch>,
}

impl Agent {
    /// An agent that starts with `policy`.
    ///
    /// # Errors
    /// [`PolicyError`] if the engine cannot read the policy.
    pub fn start(version: Regorus, policy: &str) -> Result<Self, PolicyError> {
        let engine = match version {
            Regorus::V0_2 => {
                let mut engine = regorus_0_2::Engine::new();
                engine.set_strict_builtin_errors(false);
                engine.set_gather_prints(true);
                engine.add_data(from_json_0_2(&json!({"pstate": {}}))?).map_err(display)?;
                engine.add_policy("policy.rego".to_owned(), policy.to_owned()).map_err(display)?;
                Engine::V0_2(Box::new(engine))
            }
            Regorus::V0_9 => {
                let mut engine = regorus_0_9::Engine::new();
                engine.set_strict_builtin_errors(false);
                engine.set_gather_prints(true);
                engine.add_data(from_json_0_9(&json!({"pstate": {}}))?).map_err(display)?;
                engine.add_policy("policy.rego".to_owned(), policy.to_owned()).map_err(display)?;
                Engine::V0_9(Box::new(engine))
            }
        };
        let mut agent = Self { version, engine };
        // The agent asks this first; a policy that says yes is one that admits what it refuses.
        match agent.value_of("AllowRequestsFailingPolicy", &json!({}))? {
            None | Some(Value::Bool(false)) => Ok(agent),
            Some(other) => Err(PolicyError(format!("AllowRequestsFailingPolicy is {other}"))),
        }
    }

    /// Whether the agent carries the request out. It remembers what the policy tells it to.
    ///
    /// # Errors
    /// [`PolicyError`] where the agent answers with an error instead of a refusal: no rule of that name, or a value of no use.
    pub fn ask(&mut self, endpoint: &str, request: &Value) -> Result<bool, PolicyError> {
        match self.value_of(endpoint, request)? {
            Some(Value::Bool(allowed)) => Ok(allowed),
            Some(value @ Value::Object(_)) => {
                let response: Response = serde_json::from_value(value).map_err(display)?;
                if let (true, Some(operations)) = (response.allowed, response.ops) {
                    self.remember(&operations)?;
                }
                Ok(response.allowed)
            }
            other => Err(PolicyError(format!("{endpoint} is {other:?}"))),
        }
    }

    /// `SetPolicy`: the policy is asked, and another one takes its place with nothing remembered.
    ///
    /// # Errors
    /// [`PolicyError`] as of [`Agent::ask`] and [`Agent::start`].
    pub fn set_policy(&mut self, policy: &str) -> Result<bool, PolicyError> {
        let allowed = self.ask("SetPolicyRequest", &json!({ "policy": policy }))?;
        if allowed {
            *self = Self::start(self.version, policy)?;
        }
        Ok(allowed)
    }

    /// The rule's value, `None` where there is no such rule or it is undefined.
    fn value_of(&mut self, endpoint: &str, request: &Value) -> Result<Option<Value>, PolicyError> {
        let query = format!("data.agent_policy.{endpoint}");
        let input = request.to_string();
        let text = match &mut self.engine {
            Engine::V0_2(engine) => {
                engine.set_input_json(&input).map_err(display)?;
                let results = engine.eval_query(query, false).map_err(display)?;
                results.result.first().map(|result| result.expressions[0].value.to_json_str())
            }
            Engine::V0_9(engine) => {
                engine.set_input_json(&input).map_err(display)?;
                let results = engine.eval_query(query, false).map_err(display)?;
                results.result.first().map(|result| result.expressions[0].value.to_json_str())
            }
        };
        let Some(text) = text.transpose().map_err(display)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(display)
    }

    fn remember(&mut self, operations: &json_patch::Patch) -> Result<(), PolicyError> {
        match &mut self.engine {
            Engine::V0_2(engine) => {
                let mut data = serde_json::to_value(engine.get_data()).map_err(display)?;
                json_patch::patch(&mut data, operations).map_err(display)?;
                engine.clear_data();
                engine.add_data(from_json_0_2(&data)?).map_err(display)
            }
            Engine::V0_9(engine) => {
                let mut data = serde_json::to_value(engine.get_data()).map_err(display)?;
                json_patch::patch(&mut data, operations).map_err(display)?;
                engine.clear_data();
                engine.add_data(from_json_0_9(&data)?).map_err(display)
            }
        }
    }
}

fn from_json_0_2(value: &Value) -> Result<regorus_0_2::Value, PolicyError> {
    regorus_0_2::Value::from_json_str(&value.to_string()).map_err(display)
}

fn from_json_0_9(value: &Value) -> Result<regorus_0_9::Value, PolicyError> {
    regorus_0_9::Value::from_json_str(&value.to_string()).map_err(display)
}

fn display(error: impl fmt::Display) -> PolicyError {
    PolicyError(format!("{error:#}"))
}
